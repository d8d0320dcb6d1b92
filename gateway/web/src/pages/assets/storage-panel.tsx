import { useQuery } from "@tanstack/react-query";
import { HardDrive } from "lucide-react";
import { assetStatisticsQuery } from "@/api/queries";
import type { AssetStatistics } from "@/api/types";
import { Button } from "@/components/button/button";
import { Popover } from "@/components/popover/popover";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { Sparkline } from "@/components/sparkline/sparkline";
import { bytes, wholeNumber } from "@/lib/format";

const DAYS = 30;
const DAY_MS = 86_400_000;

/** How many bytes came in on each of the last days, the days without any as well. */
export function daily(days: AssetStatistics["days"], today: Date): number[] {
  const sizes = new Map(days.map(({ day, size }) => [day, size]));
  return Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(today.getTime() - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    return sizes.get(day) ?? 0;
  });
}

function Bars({ title, rows, total }: { title: string; rows: AssetStatistics["kinds"]; total: number }) {
  return (
    <section className="grid gap-2">
      <h3 className="text-xs text-muted">{title}</h3>
      <ul className="grid gap-2">
        {rows.map(({ name, count, size }) => (
          <li key={name} className="grid gap-1 text-sm">
            <span className="flex justify-between gap-3">
              <span>
                <span className="capitalize">{name}</span> <span className="text-muted tabular-nums">{wholeNumber(count)}</span>
              </span>
              <span className="tabular-nums">{bytes(size)}</span>
            </span>
            <span aria-hidden="true" className="h-1.5 overflow-hidden rounded-full bg-sunken">
              <span
                className="block h-full min-w-1 rounded-full bg-accent"
                style={{ width: `${total > 0 ? (100 * size) / total : 0}%` }}
              />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Figures() {
  const query = useQuery(assetStatisticsQuery);
  if (query.isError) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <Skeleton className="h-48" />;
  const { total, kinds, sources, days } = query.data;
  const sizes = daily(days, new Date());
  const recent = sizes.reduce((sum, size) => sum + size, 0);
  return (
    <div className="grid gap-4">
      <p>
        <span className="font-serif text-3xl tabular-nums">{bytes(total.size)}</span>{" "}
        <span className="text-sm text-muted">in {total.count === 1 ? "1 asset" : `${wholeNumber(total.count)} assets`}</span>
      </p>
      {total.count > 0 && (
        <>
          <Bars title="By kind" rows={kinds} total={total.size} />
          <Bars title="By source" rows={sources} total={total.size} />
          <section className="grid gap-2">
            <h3 className="text-xs text-muted">The last {DAYS} days: {bytes(recent)}</h3>
            <Sparkline values={sizes} label={`${bytes(recent)} came in during the last ${DAYS} days`} width={280} height={40} />
          </section>
        </>
      )}
    </div>
  );
}

/** What is kept and how much room it takes. */
export function StoragePanel() {
  return (
    <Popover
      label="Storage"
      trigger={
        <Button>
          <HardDrive />
          Storage
        </Button>
      }
    >
      <Figures />
    </Popover>
  );
}
