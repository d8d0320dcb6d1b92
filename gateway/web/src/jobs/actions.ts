import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Job } from "@/api/types";
import { toast } from "@/components/toast/toast-store";
import { jobStore } from "./store";

export type JobAction = "cancel" | "pause" | "resume" | "retry" | "prefer" | "unprefer";

const FAILED: Record<JobAction, string> = {
  cancel: "The job could not be cancelled",
  pause: "The job could not be paused",
  resume: "The job could not be resumed",
  retry: "The job could not be run again",
  prefer: "The job could not be moved up",
  unprefer: "The job could not be moved back",
};

function request(id: string, action: JobAction): Promise<Job> {
  if (action === "prefer" || action === "unprefer") return api.jobPriority(id, action === "prefer" ? 1 : 0);
  return api.jobAction(id, action);
}

/** Do something to a job; what comes of it arrives with its events, a refusal is said in a toast. */
export function useJobAction(): (id: string, action: JobAction) => Promise<Job | null> {
  const queries = useQueryClient();
  return useCallback(
    async (id, action) => {
      try {
        const job = await request(id, action);
        jobStore.snapshot([job]);
        void queries.invalidateQueries({ queryKey: ["jobs"] });
        void queries.invalidateQueries({ queryKey: ["job", id] });
        return job;
      } catch (error) {
        const problem = asProblem(error);
        toast({ tone: "danger", title: FAILED[action], detail: problem.message });
        return null;
      }
    },
    [queries],
  );
}
