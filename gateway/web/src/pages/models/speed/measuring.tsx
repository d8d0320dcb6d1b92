import { X } from "lucide-react";
import { Button } from "@/components/button/button";
import { JobProgress } from "@/components/job-progress/job-progress";
import { useJobAction } from "@/jobs/actions";
import type { LiveJob } from "@/jobs/reducer";

/** A measurement under way. */
export function Measuring({ job }: { job: LiveJob }) {
  const act = useJobAction();
  return (
    <section
      aria-label="Measurement under way"
      data-job={job.id}
      className="grid grid-cols-1 gap-3 rounded-2xl border bg-surface p-5 shadow-card"
    >
      <div className="flex items-center justify-between gap-3">
        <h2 className="font-semibold" role="status">
          {job.status !== "running" ? "Waiting" : job.stage === "" ? "Warming up" : `Measuring, ${job.stage}`}
        </h2>
        <Button onClick={() => void act(job.id, "cancel")}>
          <X />
          Cancel
        </Button>
      </div>
      <JobProgress job={job} />
    </section>
  );
}
