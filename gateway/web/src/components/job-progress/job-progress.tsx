import { Progress } from "@/components/progress/progress";
import type { LiveJob } from "@/jobs/reducer";
import { kindLabel } from "@/lib/format";
import { progressText } from "./progress-text";

/** The line and bar of a job under way. */
export function JobProgress({ job }: { job: LiveJob }) {
  const waiting = job.status === "pending" || job.status === "paused";
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1.5">
      <div className="flex items-baseline justify-between gap-3 text-xs text-muted">
        <span className="truncate">{progressText(job)}</span>
        {!waiting && <span className="whitespace-nowrap tabular-nums">{Math.round(job.progress * 100)} %</span>}
      </div>
      <Progress
        label={`Progress of ${kindLabel(job.kind)}`}
        value={waiting ? job.progress : job.steps === 0 && job.progress === 0 ? null : job.progress}
      />
    </div>
  );
}
