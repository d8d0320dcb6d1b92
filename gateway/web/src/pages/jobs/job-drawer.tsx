import { studioPage } from "@/studio/pages";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { SlidersHorizontal } from "lucide-react";
import { type ReactNode, useState } from "react";
import { jobQuery } from "@/api/queries";
import { AssetFacts } from "@/components/asset-media/asset-facts";
import { AssetImage } from "@/components/asset-media/asset-image";
import { Button } from "@/components/button/button";
import { CopyButton } from "@/components/copy-button/copy-button";
import { Dialog } from "@/components/dialog/dialog";
import { JobProgress } from "@/components/job-progress/job-progress";
import { JobStatusBadge } from "@/components/job-status/job-status";
import { Lightbox } from "@/components/lightbox/lightbox";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { isTerminal } from "@/jobs/events";
import { mergeLive } from "@/jobs/merge";
import type { LiveJob } from "@/jobs/reducer";
import { useLiveJob } from "@/jobs/store";
import { jobTitle } from "@/jobs/title";
import { clockTime, dateTime, duration, kindLabel } from "@/lib/format";
import { eventLine } from "./event-line";
import { usePossibleActions } from "./job-actions";
import { jobSeconds } from "./job-table";
import { useJobEvents } from "./use-job-events";

function Section({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <section className="grid gap-2">
      <div className="flex min-h-8 items-center justify-between">
        <h3 className="font-semibold">{title}</h3>
        {action}
      </div>
      {children}
    </section>
  );
}

function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-1.5">
      {rows.map(([label, value]) => (
        <div key={label} className="contents">
          <dt className="text-muted">{label}</dt>
          <dd className="min-w-0 break-words tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function EventLog({ id }: { id: string }) {
  const { events, loading } = useJobEvents(id);
  const text = events.map((event) => `${event.time} ${event.type} ${eventLine(event)}`).join("\n");
  return (
    <Section title="Events" action={events.length > 0 && <CopyButton text={text} label="Copy the events" />}>
      {loading && events.length === 0 ? (
        <Skeleton className="h-24" />
      ) : events.length === 0 ? (
        <p className="text-muted">The journal no longer holds this job's events.</p>
      ) : (
        <ol
          // What scrolls must be reachable by keyboard.
          tabIndex={0}
          className="max-h-72 overflow-y-auto rounded-xl bg-sunken p-3 font-mono text-xs leading-relaxed"
        >
          {events.map((event) => (
            <li key={event.seq} className="flex gap-3">
              <time dateTime={event.time} className="shrink-0 text-muted">
                {clockTime(event.time)}
              </time>
              <span className={event.type === "failed" ? "min-w-0 break-words text-danger" : "min-w-0 break-words"}>
                {eventLine(event)}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}

const asText = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** "cfg_scale" → "CFG scale". */
function settingLabel(name: string): string {
  const words = name.replaceAll("_", " ").replace(/^cfg\b/, "CFG");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Details({ job }: { job: LiveJob }) {
  const navigate = useNavigate();
  const [shown, setShown] = useState<string | null>(null);
  const actions = usePossibleActions(job, (id) => void navigate({ to: "/jobs", search: { job: id } }));
  const seconds = jobSeconds(job);
  const page = studioPage(job.kind);
  const preview = job.previews[0];
  const params = Object.entries(job.params).filter(([, value]) => value !== "" && value !== null);
  const rows: [string, ReactNode][] = [["Kind", kindLabel(job.kind)]];
  rows.push(["Created", dateTime(job.created_at)]);
  if (seconds !== null) rows.push(["Took", duration(seconds)]);
  if (job.attempts > 0) rows.push(["Attempts", job.attempts]);
  if (job.priority > 0) rows.push(["Priority", "Before other jobs"]);
  if (job.retry_of) {
    rows.push([
      "Repeats",
      <Link key="retry" to="/jobs" search={{ job: job.retry_of }} className="text-accent underline underline-offset-4">
        {job.retry_of}
      </Link>,
    ]);
  }
  rows.push([
    "Id",
    <code key="id" className="font-mono text-xs break-all">
      {job.id}
    </code>,
  ]);
  if (job.trace_id)
    rows.push([
      "Trace",
      <code key="trace" className="font-mono text-xs break-all">
        {job.trace_id}
      </code>,
    ]);
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-center gap-2">
        <JobStatusBadge status={job.status} />
        <span className="grow" />
        {actions.map(({ action, label, icon: Icon, run }) => (
          <Button key={action} size="sm" onClick={() => void run()}>
            <Icon />
            {label}
          </Button>
        ))}
      </div>
      {!isTerminal(job.status) && <JobProgress job={job} />}
      {preview && <img src={preview} alt="Latest preview" className="max-h-72 w-full rounded-xl bg-sunken object-contain" />}
      {job.error && (
        <div role="alert" className="rounded-xl bg-danger-soft p-3">
          <p className="font-medium text-danger">{job.error.message}</p>
          {job.error.hint && <p className="mt-1">{job.error.hint}</p>}
          <code className="mt-1 block font-mono text-xs">{job.error.code}</code>
        </div>
      )}
      {job.outputs.length > 0 && (
        <Section title="Outputs">
          <div className="grid grid-cols-3 gap-2">
            {job.outputs.map((asset) => (
              <button
                key={asset.id}
                type="button"
                aria-label={`Open output ${asset.index + 1}`}
                className="aspect-square overflow-hidden rounded-lg bg-sunken"
                onClick={() => setShown(asset.id)}
              >
                <AssetImage asset={asset} thumbnail className="size-full object-cover" />
              </button>
            ))}
          </div>
          <Lightbox
            assets={job.outputs}
            openId={shown}
            onOpen={setShown}
            details={(asset) => <AssetFacts asset={asset} />}
          />
        </Section>
      )}
      <Facts rows={rows} />
      {params.length > 0 && (
        <Section
          title="Settings"
          action={
            page !== undefined && (
              <Button asChild size="sm" look="ghost">
                <Link to={page} search={{ job: job.id }}>
                  <SlidersHorizontal />
                  Use these
                </Link>
              </Button>
            )
          }
        >
          <Facts rows={params.map(
              ([name, value]) =>
                [settingLabel(name), name === "seed" && value === -1 ? "Random" : asText(value)] as const,
            )} />
        </Section>
      )}
      <EventLog id={job.id} />
    </div>
  );
}

/** Everything about one job, beside the list. */
export function JobDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  const query = useQuery({ ...jobQuery(id ?? ""), enabled: id !== null });
  const live = useLiveJob(id ?? "");
  const listed = query.data ? [query.data] : [];
  const job = live?.loaded || listed.length === 0 ? live : mergeLive(listed, {}, () => true, true)[0];
  return (
    <Dialog
      open={id !== null}
      onOpenChange={(open) => !open && onClose()}
      side="right"
      title={<span className="line-clamp-2 pr-2 break-words">{job ? jobTitle(job) : "Job"}</span>}
    >
      {job ? (
        <Details key={job.id} job={job} />
      ) : query.isError ? (
        <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <div className="grid gap-3">
          <Skeleton className="h-8 w-32" />
          <Skeleton className="h-40" />
          <Skeleton className="h-40" />
        </div>
      )}
    </Dialog>
  );
}
