import { Ellipsis } from "lucide-react";
import { AssetImage } from "@/components/asset-media/asset-image";
import { IconButton } from "@/components/icon-button/icon-button";
import { JobProgress } from "@/components/job-progress/job-progress";
import { JobStatusBadge, statusWord } from "@/components/job-status/job-status";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { isTerminal } from "@/jobs/events";
import type { LiveJob } from "@/jobs/reducer";
import { jobTitle } from "@/jobs/title";
import { duration, kindLabel } from "@/lib/format";
import { usePossibleActions } from "./job-actions";

export function jobSeconds(job: LiveJob): number | null {
  if (job.started_at === null || job.finished_at === null) return null;
  return (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000;
}

function Thumbnail({ job }: { job: LiveJob }) {
  const preview = job.previews[0];
  const picture = job.outputs.find((asset) => asset.thumbnail_url !== null);
  return (
    <div aria-hidden="true" className="size-10 shrink-0 overflow-hidden rounded-lg bg-sunken">
      {preview ? (
        <img src={preview} alt="" className="size-full object-cover" />
      ) : (
        picture && <AssetImage asset={picture} thumbnail className="size-full object-cover" />
      )}
    </div>
  );
}

function Row({ job, onOpen }: { job: LiveJob; onOpen: (job: LiveJob) => void }) {
  const actions = usePossibleActions(job);
  const seconds = jobSeconds(job);
  return (
    <tr data-job={job.id} className="group relative border-t transition-colors first:border-t-0 hover:bg-hover/60">
      <td className="w-full max-w-0 py-2.5 pr-3 pl-4">
        <div className="flex items-center gap-3">
          <Thumbnail job={job} />
          <div className="grid min-w-0 grow gap-1">
            <button
              type="button"
              onClick={() => onOpen(job)}
              // Stretched over the row, so that all of it opens the job while one control does for the keyboard.
              className="truncate text-left font-medium after:absolute after:inset-0"
            >
              {jobTitle(job)}
            </button>
            {isTerminal(job.status) ? (
              <p className="truncate text-xs text-muted">
                <span className="sm:hidden">{statusWord(job.status)} · </span>
                {job.error ? job.error.message : kindLabel(job.kind)}
                <span className="md:hidden">
                  {" · "}
                  <RelativeTime time={job.created_at} />
                </span>
              </p>
            ) : (
              <JobProgress job={job} />
            )}
          </div>
        </div>
      </td>
      <td className="hidden px-3 py-2.5 sm:table-cell">
        <JobStatusBadge status={job.status} />
      </td>
      <td className="hidden px-3 py-2.5 text-right whitespace-nowrap text-muted tabular-nums md:table-cell">
        {seconds === null ? "" : duration(seconds)}
      </td>
      <td className="hidden px-3 py-2.5 text-right whitespace-nowrap text-muted md:table-cell">
        <RelativeTime time={job.created_at} />
      </td>
      <td className="relative py-2.5 pr-3 text-right">
        <Menu>
          <MenuTrigger>
            <IconButton label={`Actions for ${jobTitle(job)}`}>
              <Ellipsis />
            </IconButton>
          </MenuTrigger>
          <MenuContent>
            {actions.map(({ action, label, icon: Icon, run }) => (
              <MenuItem key={action} onSelect={() => void run()}>
                <Icon />
                {label}
              </MenuItem>
            ))}
          </MenuContent>
        </Menu>
      </td>
    </tr>
  );
}

export function JobTable({ jobs, onOpen }: { jobs: readonly LiveJob[]; onOpen: (job: LiveJob) => void }) {
  return (
    <div className="overflow-hidden rounded-2xl border bg-surface shadow-card">
      <table className="w-full border-collapse">
        <thead className="sr-only">
          <tr>
            <th scope="col">Job</th>
            <th scope="col" className="hidden sm:table-cell">
              Status
            </th>
            <th scope="col" className="hidden md:table-cell">
              Duration
            </th>
            <th scope="col" className="hidden md:table-cell">
              Created
            </th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <Row key={job.id} job={job} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
