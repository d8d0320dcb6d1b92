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

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  event(event: JobEvent): void {
    this.set(applyEvent(this.state, event));
  }

  snapshot(jobs: readonly Job[]): void {
    this.set(applySnapshot(this.state, jobs));
  }

  clear(): void {
    this.set(EMPTY);
  }

  private set(state: JobsState): void {
    if (state === this.state) return;
    this.state = state;
    this.active = activeJobs(state);
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
