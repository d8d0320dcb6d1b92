import type { LiveJob } from "@/jobs/reducer";
import { duration } from "@/lib/format";

type Shown = Pick<LiveJob, "status" | "stage" | "message" | "position" | "eta_s" | "step" | "steps">;

/** Where a job is, in a short line: the service's own words, or else "Sampling · step 8 of 20", and the time left. */
export function progressText(job: Shown): string {
  if (job.status === "pending") {
    return job.position === null || job.position <= 0 ? "Next in the queue" : `Queued · ${job.position} ahead`;
  }
  if (job.status === "paused") return job.message ? `Paused · ${job.message}` : "Paused";
  const stage = job.stage === "" ? "Starting" : job.stage.charAt(0).toUpperCase() + job.stage.slice(1);
  const parts = job.message !== "" ? [job.message] : [stage];
  if (job.message === "" && job.steps > 0) parts.push(`step ${job.step} of ${job.steps}`);
  if (job.eta_s !== null && job.eta_s > 0) parts.push(`${duration(job.eta_s)} left`);
  return parts.join(" · ");
}
