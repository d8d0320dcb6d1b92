import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { endpointHealthQuery } from "@/api/queries";
import type { Endpoint } from "@/api/types";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { Sparkline } from "@/components/sparkline/sparkline";
import { latency } from "@/endpoints/standing";
import { cn } from "@/lib/cn";

// Of the hour that is kept, what fits: a quarter of it.
const SHOWN = 30;

function Figure({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <div className={cn("grid min-w-0 content-start gap-0.5", className)}>
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="flex min-h-6 flex-wrap items-center gap-x-2 font-medium tabular-nums">{children}</dd>
    </div>
  );
}

function History({ endpoint }: { endpoint: Endpoint }) {
  const { data } = useQuery(endpointHealthQuery(endpoint.id, endpoint.health.checked_at));
  const values = data?.history.slice(-SHOWN).map((sample) => sample.latency_ms) ?? [];
  const known = values.filter((value) => value !== null);
  if (values.length < 2) return null;
  const missed = values.length - known.length;
  const range =
    known.length === 0 ? "none was answered" : `${latency(Math.min(...known))} to ${latency(Math.max(...known))}`;
  const label = `Latency of the last ${values.length} looks: ${range}${missed > 0 && known.length > 0 ? `, ${missed} not answered` : ""}`;
  return <Sparkline values={values} label={label} />;
}

/** What an endpoint did so far, in figures. */
export function EndpointFigures({ endpoint }: { endpoint: Endpoint }) {
  const own = endpoint.kind !== "embedded";
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-[minmax(11rem,auto)_repeat(4,1fr)]">
      <Figure label="Latency" className="max-sm:col-span-2">
        {latency(endpoint.health.latency_ms) || "–"}
        {own && endpoint.enabled && <History endpoint={endpoint} />}
      </Figure>
      <Figure label="Answers">{endpoint.session_count.toLocaleString()}</Figure>
      <Figure label="Tokens">{endpoint.tokens.toLocaleString()}</Figure>
      <Figure label="Mean answer">{latency(endpoint.mean_latency_ms) || "–"}</Figure>
      <Figure label="Last used">
        {endpoint.last_used_at === null ? "never" : <RelativeTime time={endpoint.last_used_at} />}
      </Figure>
    </dl>
  );
}
