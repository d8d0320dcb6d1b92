import { Link } from "@tanstack/react-router";
import { Activity, X } from "lucide-react";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { JobProgress } from "@/components/job-progress/job-progress";
import { Popover, PopoverClose } from "@/components/popover/popover";
import { useJobAction } from "@/jobs/actions";
import { connectionState } from "@/jobs/connection-state";
import type { LiveJob } from "@/jobs/reducer";
import { useActiveJobs } from "@/jobs/store";
import { jobTitle } from "@/jobs/title";
import { kindLabel } from "@/lib/format";

function TrayJob({ job }: { job: LiveJob }) {
  const act = useJobAction();
  const preview = job.previews[0] ?? Object.values(job.previews)[0];
  return (
    <li className="flex items-center gap-3" data-job={job.id}>
      <div className="size-11 shrink-0 overflow-hidden rounded-lg bg-sunken">
        {preview && <img src={preview} alt="Preview" className="size-full object-cover" />}
      </div>
      <div className="grid min-w-0 grow grid-cols-1 gap-1">
        <PopoverClose>
          <Link
            to="/jobs"
            search={{ job: job.id }}
            className="truncate font-medium underline-offset-4 hover:underline"
            title={kindLabel(job.kind)}
          >
            {jobTitle(job)}
          </Link>
        </PopoverClose>
        <JobProgress job={job} />
      </div>
      <IconButton label={`Cancel ${jobTitle(job)}`} onClick={() => void act(job.id, "cancel")}>
        <X />
      </IconButton>
    </li>
  );
}

/** The jobs under way, from anywhere in the studio. */
export function JobTray() {
  const jobs = useActiveJobs();
  const connection = connectionState.use();
  const running = jobs.filter((job) => job.status === "running");
  const overall = running.length === 0 ? 0 : running.reduce((sum, job) => sum + job.progress, 0) / running.length;
  return (
    <Popover
      label="Jobs under way"
      className="w-96"
      trigger={
        <Button look="ghost" size="sm" aria-label={`Jobs under way: ${jobs.length}`} className="relative">
          <Activity className={running.length > 0 ? "text-accent" : ""} />
          {jobs.length > 0 && <span className="tabular-nums">{jobs.length}</span>}
          {running.length > 0 && (
            <span
              aria-hidden="true"
              className="absolute inset-x-2 bottom-0.5 h-0.5 overflow-hidden rounded-full bg-border"
            >
              <span
                className="block h-full bg-accent transition-[width] duration-300"
                style={{ width: `${Math.round(overall * 100)}%` }}
              />
            </span>
          )}
        </Button>
      }
    >
      <div className="grid grid-cols-1 gap-4">
        <div className="flex items-center justify-between gap-2">
          <h2 className="font-semibold">Jobs under way</h2>
          <PopoverClose>
            <Link to="/jobs" className="text-sm text-accent underline-offset-4 hover:underline">
              All jobs
            </Link>
          </PopoverClose>
        </div>
        {connection === "waiting" && (
          <p role="status" className="rounded-lg bg-warning-soft px-3 py-2 text-sm text-warning">
            The live connection was lost. Reconnecting; nothing will be missed.
          </p>
        )}
        {jobs.length === 0 ? (
          <p className="text-muted">
            Nothing is running. Whatever you start shows its progress here, wherever you are in the studio.
          </p>
        ) : (
          <ul className="grid grid-cols-1 gap-4">
            {jobs.map((job) => (
              <TrayJob key={job.id} job={job} />
            ))}
          </ul>
        )}
      </div>
    </Popover>
  );
}
