import { useSyncExternalStore } from "react";
import type { Job } from "@/api/types";
import type { JobEvent } from "./events";
import { activeJobs, applyEvent, applySnapshot, EMPTY, type JobsState, type LiveJob } from "./reducer";

type Listener = () => void;

/** The one place in the page that knows what the jobs are doing; everything that shows a job reads it here. */
class JobStore {
  state: JobsState = EMPTY;
  active: readonly LiveJob[] = [];
  private readonly listeners = new Set<Listener>();
  private latest: JobsState = EMPTY;
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The state with every event applied; `state` follows within a frame or two. */
  get newest(): JobsState {
    return this.latest;
  }

  event(event: JobEvent): void {
    this.latest = applyEvent(this.latest, event);
    // A replay brings hundreds of events at once; drawing the page for each would freeze it.
    this.timer ??= setTimeout(() => this.publish(), 25);
  }

  snapshot(jobs: readonly Job[]): void {
    this.latest = applySnapshot(this.latest, jobs);
    this.publish();
  }

  clear(): void {
    this.latest = EMPTY;
    this.publish();
  }

  private publish(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.state === this.latest) return;
    this.state = this.latest;
    this.active = activeJobs(this.state);
    for (const listener of this.listeners) listener();
  }
}

export const jobStore = new JobStore();

/** The live state of one job, or undefined while nothing was heard of it. */
export function useLiveJob(id: string): LiveJob | undefined {
  return useSyncExternalStore(jobStore.subscribe, () => jobStore.state.jobs[id]);
}

/** Every job heard of since the page was opened, by id. */
export function useLiveJobs(): JobsState["jobs"] {
  return useSyncExternalStore(jobStore.subscribe, () => jobStore.state.jobs);
}

/** The jobs under way, the oldest first. */
export function useActiveJobs(): readonly LiveJob[] {
  return useSyncExternalStore(jobStore.subscribe, () => jobStore.active);
}
