import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { datasetStatisticsQuery } from "@/api/queries";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { bytes, wholeNumber } from "@/lib/format";

function Figure({ label, value, children }: { label: string; value: string; children?: ReactNode }) {
  return (
    <div className="grid min-w-0 content-start gap-0.5 rounded-2xl border bg-surface p-4 shadow-card">
      <dt className="text-[0.8125rem] text-muted">{label}</dt>
      <dd className="truncate text-2xl font-semibold tabular-nums">{value}</dd>
      {children && <dd className="text-xs wrap-anywhere text-muted">{children}</dd>}
    </div>
  );
}

/** A version in figures. */
export function Statistics({ id, version }: { id: string; version: number }) {
  const query = useQuery(datasetStatisticsQuery(id, version));
  if (query.isError) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <Skeleton className="h-24 rounded-2xl" />;
  const { items, messages, characters, size_bytes, by_rating, by_model } = query.data;
  const models = Object.entries(by_model);
  return (
    <dl aria-label="Statistics" className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Figure label="Items" value={wholeNumber(items)}>
        {wholeNumber(by_rating.good)} good, {wholeNumber(by_rating.bad)} bad
      </Figure>
      <Figure label="Messages" value={wholeNumber(messages)}>
        {wholeNumber(characters)} characters
      </Figure>
      <Figure label="Size" value={bytes(size_bytes)}>
        JSON Lines
      </Figure>
      <Figure label={models.length === 1 ? "Model" : "Models"} value={wholeNumber(models.length)}>
        {models
          .slice(0, 3)
          .map(([name, count]) => `${name || "unknown"} (${wholeNumber(count)})`)
          .join(", ")}
        {models.length > 3 && ` and ${models.length - 3} more`}
      </Figure>
    </dl>
  );
}
