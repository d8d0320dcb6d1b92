import type { Asset, Job, JobStatus } from "@/api/types";
import { isTerminal, type JobEvent } from "./events";

export interface LogLine {
  seq: number;
  time: string;
  level: string;
  text: string;
}

/** A job with what only its events tell. */
export interface LiveJob extends Job {
  step: number;
  steps: number;
  /** Latest preview per output index, as data: URLs. */
  previews: Readonly<Record<number, string>>;
  log: readonly LogLine[];
  /** Sequences of the first and the last event applied; 0 = none yet. */
  firstSeq: number;
  lastSeq: number;
  /** False while only events, not the job itself, are known: its parameters are missing. */
  loaded: boolean;
}

export interface JobsState {
  jobs: Readonly<Record<string, LiveJob>>;
  /** The newest sequence applied. */
  lastSeq: number;
}

export const EMPTY: JobsState = { jobs: {}, lastSeq: 0 };

const KEPT_ENDED = 100;
const KEPT_LOG = 500;

function blank(event: JobEvent): LiveJob {
  return {
    id: event.job_id,
    kind: event.kind,
    status: "pending",
    progress: 0,
    stage: "",
    message: "",
    position: null,
    eta_s: null,
    priority: 0,
    params: {},
    outputs: [],
    result: null,
    error: null,
    attempts: 0,
    retry_of: null,
    project_id: null,
    created_at: event.time,
    started_at: null,
    finished_at: null,
    owner_id: "",
    trace_id: "",
    step: 0,
    steps: 0,
    previews: {},
    log: [],
    firstSeq: 0,
    lastSeq: 0,
    loaded: false,
  };
}

function withOutput(outputs: readonly Asset[], asset: Asset): Asset[] {
  return [...outputs.filter((other) => other.id !== asset.id), asset].sort((a, b) => a.index - b.index);
}

const ended = (status: JobStatus, event: JobEvent): Partial<LiveJob> => ({
  status,
  finished_at: event.time,
  eta_s: null,
  position: null,
});

function change(job: LiveJob, event: JobEvent): Partial<LiveJob> {
  switch (event.type) {
    case "queued":
      return { status: "pending", position: event.position ?? null };
    case "started":
      return {
        status: "running",
        position: null,
        started_at: event.time,
        attempts: event.attempt ?? job.attempts + 1,
        // A redelivered job starts over; its outputs keep their ids, so they are not shown twice.
        progress: 0,
        step: 0,
        previews: {},
      };
    case "progress":
      return {
        status: "running",
        progress: event.fraction,
        stage: event.stage ?? job.stage,
        message: event.message ?? "",
        step: event.step ?? 0,
        steps: event.steps ?? 0,
        eta_s: event.eta_s ?? null,
      };
    case "preview":
      return { previews: { ...job.previews, [event.index ?? 0]: event.image } };
    case "log":
      return {
        log: [...job.log, { seq: event.seq, time: event.time, level: event.level, text: event.text }].slice(-KEPT_LOG),
      };
    case "metric":
      return {};
    case "output":
      return { outputs: withOutput(job.outputs, event.asset) };
    case "paused":
      return { status: "paused", message: event.reason ?? "" };
    case "completed":
      return { ...ended("completed", event), progress: 1, result: event.result ?? null, previews: {} };
    case "failed":
      return { ...ended("failed", event), error: event.error, previews: {} };
    case "cancelled":
      return { ...ended("cancelled", event), message: event.reason ?? "", previews: {} };
  }
}

function pruned(jobs: Record<string, LiveJob>): Record<string, LiveJob> {
  const over = Object.values(jobs).filter((job) => isTerminal(job.status));
  if (over.length <= KEPT_ENDED) return jobs;
  // Ids are ULIDs: the oldest sort first.
  const dropped = new Set(
    over
      .map((job) => job.id)
      .sort()
      .slice(0, over.length - KEPT_ENDED),
  );
  return Object.fromEntries(Object.entries(jobs).filter(([id]) => !dropped.has(id)));
}

/** Apply one journal entry. An entry already applied changes nothing, so replays are harmless. */
export function applyEvent(state: JobsState, event: JobEvent): JobsState {
  const job = state.jobs[event.job_id] ?? blank(event);
  if (event.seq <= job.lastSeq) return state;
  const lastSeq = Math.max(state.lastSeq, event.seq);
  // A job that ended stays ended, whatever a late worker still publishes; only queueing it anew reopens it.
  const late = isTerminal(job.status) && event.type !== "queued" && event.type !== "output" && event.type !== "log";
  const next: LiveJob = {
    ...job,
    ...(late ? {} : change(job, event)),
    firstSeq: job.firstSeq || event.seq,
    lastSeq: event.seq,
  };
  const jobs = { ...state.jobs, [job.id]: next };
  return { jobs: isTerminal(next.status) ? pruned(jobs) : jobs, lastSeq };
}

const ORDER: Record<JobStatus, number> = { pending: 0, paused: 1, running: 2, cancelled: 3, failed: 3, completed: 3 };

/** What the journal tells better than a catalog that is behind it; the rest, what was asked for, the catalog knows. */
function ahead(live: LiveJob, job: Job): LiveJob {
  return {
    ...live,
    params: job.params,
    priority: job.priority,
    retry_of: job.retry_of,
    project_id: job.project_id,
    owner_id: job.owner_id,
    trace_id: job.trace_id,
    created_at: job.created_at,
    started_at: live.started_at ?? job.started_at,
    attempts: Math.max(live.attempts, job.attempts),
    // Listening may have begun in the middle of the job.
    outputs: live.outputs.reduce(withOutput, [...job.outputs]),
    loaded: true,
  };
}

/** Merge jobs as the catalog knows them. The journal runs ahead of the catalog, so a further state is kept. */
export function applySnapshot(state: JobsState, jobs: readonly Job[]): JobsState {
  if (jobs.length === 0) return state;
  const merged: Record<string, LiveJob> = { ...state.jobs };
  for (const job of jobs) {
    const live = merged[job.id];
    if (live === undefined) {
      merged[job.id] = { ...job, step: 0, steps: 0, previews: {}, log: [], firstSeq: 0, lastSeq: 0, loaded: true };
    } else if (isTerminal(job.status) && !isTerminal(live.status)) {
      merged[job.id] = { ...live, ...job, previews: {}, loaded: true };
    } else {
      const behind = live.lastSeq > 0 && ORDER[live.status] >= ORDER[job.status];
      merged[job.id] = behind ? ahead(live, job) : { ...live, ...job, loaded: true };
    }
  }
  return { ...state, jobs: pruned(merged) };
}

/** The sequence to resume after, so that a refreshed page sees again every entry of the jobs still under way. */
export function resumePoint(state: JobsState): number {
  const first = Object.values(state.jobs)
    .filter((job) => !isTerminal(job.status) && job.firstSeq > 0)
    .map((job) => job.firstSeq - 1);
  return Math.min(state.lastSeq, ...first);
}

/** Jobs under way, the oldest first. */
export function activeJobs(state: JobsState): LiveJob[] {
  return Object.values(state.jobs)
    .filter((job) => !isTerminal(job.status))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
