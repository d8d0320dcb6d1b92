import { ArrowDownToLine, ArrowUpToLine, Pause, Play, RotateCw, X } from "lucide-react";
import type { ComponentType } from "react";
import { type JobAction, useJobAction } from "@/jobs/actions";
import type { LiveJob } from "@/jobs/reducer";

export interface PossibleAction {
  action: JobAction;
  label: string;
  icon: ComponentType;
  run: () => Promise<unknown>;
}

/** What can be done to a job in its present state. */
export function usePossibleActions(job: LiveJob, onRetried?: (id: string) => void): PossibleAction[] {
  const act = useJobAction();
  const make = (action: JobAction, label: string, icon: ComponentType): PossibleAction => ({
    action,
    label,
    icon,
    run: async () => {
      const changed = await act(job.id, action);
      if (action === "retry" && changed !== null) onRetried?.(changed.id);
    },
  });
  switch (job.status) {
    case "pending":
      return [
        job.priority > 0
          ? make("unprefer", "Back in line", ArrowDownToLine)
          : make("prefer", "Before my other jobs", ArrowUpToLine),
        make("pause", "Hold", Pause),
        make("cancel", "Cancel", X),
      ];
    case "running":
      return [make("pause", "Pause", Pause), make("cancel", "Cancel", X)];
    case "paused":
      return [make("resume", "Resume", Play), make("cancel", "Cancel", X)];
    default:
      return [make("retry", job.status === "completed" ? "Run again" : "Try again", RotateCw)];
  }
}
