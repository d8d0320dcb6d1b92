import { api } from "@/api/client";
import { follow, type StreamState } from "@/api/event-stream";
import type { Problem } from "@/api/problem";
import type { JobStatus } from "@/api/types";
import { readStored, writeStored } from "@/lib/storage";
import { isTerminal, type JobEvent, parseJobEvent } from "./events";
import { resumePoint } from "./reducer";
import { jobStore } from "./store";

const KEY = "atelier.events";
const UNDER_WAY: readonly JobStatus[] = ["pending", "running", "paused"];
// Older marks are not resumed from: replaying hours of other jobs to a page that was closed helps nobody.
const MARK_LIVES_MS = 10 * 60_000;

interface Mark {
  /** Resume after this sequence. */
  after: number;
  /** Everything up to this sequence was already shown, so it is not announced again. */
  shown: number;
  at: number;
}

export interface ConnectionCallbacks {
  onState: (state: StreamState, problem: Problem | null) => void;
  /** An event this tab has not shown before. */
  onNews: (event: JobEvent) => void;
}

function storedMark(now: number): Mark | null {
  const mark = readStored(() => sessionStorage, KEY) as Mark | null;
  return mark !== null && now - mark.at < MARK_LIVES_MS ? mark : null;
}

/** Load the jobs under way into the store. Raises `Problem`. */
export async function loadJobsUnderWay(): Promise<void> {
  const page = await api.jobs({ status: UNDER_WAY, limit: 100 });
  jobStore.snapshot(page.items);
  const listed = new Set(page.items.map((job) => job.id));
  // What this page believes to be under way but the catalog does not list has ended while nobody listened.
  const missing = jobStore.active.filter((job) => !listed.has(job.id) && page.next_cursor === null);
  const ended = await Promise.all(missing.map((job) => api.job(job.id).catch(() => null)));
  jobStore.snapshot(ended.filter((job) => job !== null));
}

/**
 * Keep the job store true for as long as the page is open, over one connection. Returns the function that ends it.
 * After a refresh it resumes before the first event of the oldest job under way, so previews and logs come back too.
 */
export function connectJobs({ onState, onNews }: ConnectionCallbacks): () => void {
  const controller = new AbortController();
  const mark = storedMark(Date.now());
  let shown = mark?.shown ?? 0;

  const remember = () => {
    const state = jobStore.newest;
    if (state.lastSeq > 0) {
      const next: Mark = { after: resumePoint(state), shown: Math.max(shown, state.lastSeq), at: Date.now() };
      writeStored(() => sessionStorage, KEY, next);
    }
  };
  const timer = setInterval(remember, 2_000);
  window.addEventListener("pagehide", remember);

  const fresh = new Set<string>();
  let loading: Promise<void> = Promise.resolve();
  const load = () => {
    loading = loading.then(() => loadJobsUnderWay()).catch(() => undefined);
  };

  void follow({
    url: "/api/events",
    after: mark === null ? "" : String(mark.after),
    signal: controller.signal,
    onState: (state, problem) => {
      // Listening first and asking then leaves no moment in which an event could be missed.
      if (state === "open") load();
      onState(state, problem);
    },
    onFrame: (frame) => {
      if (frame.event === "gap") {
        load();
        return;
      }
      const event = parseJobEvent(frame.data);
      if (event === null) return;
      jobStore.event(event);
      if (event.seq > shown) onNews(event);
      shown = Math.max(shown, event.seq);
      if (jobStore.newest.jobs[event.job_id]?.loaded === false && !fresh.has(event.job_id)) {
        fresh.add(event.job_id);
        void complete(event.job_id);
      }
    },
  });

  return () => {
    controller.abort();
    clearInterval(timer);
    window.removeEventListener("pagehide", remember);
    remember();
  };
}

/** Fetch what the events of a job do not tell: its parameters. */
async function complete(id: string): Promise<void> {
  try {
    jobStore.snapshot([await api.job(id)]);
  } catch {
    // The job may not have reached the catalog yet; the next snapshot brings it.
    const job = jobStore.newest.jobs[id];
    if (job !== undefined && !isTerminal(job.status)) setTimeout(() => void complete(id), 1_500);
  }
}
