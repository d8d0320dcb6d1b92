import type { Job } from "@/api/types";
import type { LiveJob } from "./reducer";

function still(job: Job): LiveJob {
  return { ...job, step: 0, steps: 0, previews: {}, log: [], firstSeq: 0, lastSeq: 0, loaded: true };
}

/**
 * A listing of jobs, newest first, as it stands this moment: each listed job in its live state, and the live ones the
 * listing does not have yet. `complete` says that the listing reaches back to the first job there is; where it does not,
 * live jobs older than its last entry wait for their page.
 */
export function mergeLive(
  listed: readonly Job[],
  live: Readonly<Record<string, LiveJob>>,
  matches: (job: LiveJob) => boolean,
  complete: boolean,
): LiveJob[] {
  const merged = new Map<string, LiveJob>();
  for (const job of listed) merged.set(job.id, live[job.id] ?? still(job));
  const oldest = listed.at(-1)?.id ?? "";
  for (const job of Object.values(live)) {
    if (!merged.has(job.id) && (complete || job.id > oldest)) merged.set(job.id, job);
  }
  return [...merged.values()].filter(matches).sort((a, b) => (a.id < b.id ? 1 : -1));
}
