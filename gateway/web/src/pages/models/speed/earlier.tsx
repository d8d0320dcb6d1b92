import type { ReactNode } from "react";
import { JobStatusBadge } from "@/components/job-status/job-status";
import { latency } from "@/endpoints/standing";
import type { LiveJob } from "@/jobs/reducer";
import { dateTime } from "@/lib/format";
import { Compared } from "./compared";
import { counterpart, type Measurement, measurementOf, rate } from "./measurement";

function Figures({ now, before }: { now: Measurement; before: Measurement | undefined }) {
  return (
    <dl className="grid grid-cols-3 gap-x-3">
      {now.levels.map((level) => {
        const other = counterpart(level, now, before);
        return (
          <div key={level.concurrency} className="min-w-0">
            <dt className="text-xs text-muted">{level.concurrency} at once</dt>
            <dd className="tabular-nums">
              {level.tokensPerS > 0 ? `${level.estimated ? "≈ " : ""}${rate(level.tokensPerS)} tokens/s` : "none came"}
              {other && <Compared now={level.tokensPerS} before={other.tokensPerS} best="more" />}
            </dd>
            <dd className="mt-1 tabular-nums">
              {latency(level.firstTokenMs) && `${latency(level.firstTokenMs)} to first`}
              {other && <Compared now={level.firstTokenMs} before={other.firstTokenMs} best="less" />}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

interface EarlierProps {
  /** Measurements that have ended, whatever came of them; newest first. */
  jobs: readonly LiveJob[];
  befores: ReadonlyMap<string, Measurement>;
  /** At its end: to see older ones. */
  children?: ReactNode;
}

/** What was measured before, and how each differs from the one before it. */
export function Earlier({ jobs, befores, children }: EarlierProps) {
  return (
    <section aria-labelledby="earlier-measurements" className="grid grid-cols-1 gap-3">
      <h2 id="earlier-measurements" className="font-semibold">
        Earlier measurements
      </h2>
      <ol className="grid grid-cols-1 overflow-hidden rounded-2xl border bg-surface shadow-card">
        {jobs.map((job) => {
          const measured = measurementOf(job);
          return (
            <li
              key={job.id}
              className="grid grid-cols-1 gap-x-6 gap-y-2 border-t p-4 first:border-t-0 md:grid-cols-[14rem_minmax(0,1fr)]"
            >
              <div className="min-w-0">
                <p className="font-medium tabular-nums">{dateTime(job.finished_at ?? job.created_at)}</p>
                <p className="text-xs wrap-anywhere text-muted">{measured?.model}</p>
              </div>
              {measured ? (
                <Figures now={measured} before={befores.get(job.id)} />
              ) : (
                <p className="flex min-w-0 flex-wrap items-center gap-2 wrap-anywhere text-muted">
                  <JobStatusBadge status={job.status} />
                  {job.error?.message}
                </p>
              )}
            </li>
          );
        })}
      </ol>
      {children}
    </section>
  );
}
