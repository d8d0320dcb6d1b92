import { useQuery } from "@tanstack/react-query";
import { Maximize2, RotateCw, SlidersHorizontal, X } from "lucide-react";
import type { ReactNode } from "react";
import { generateOptionsQuery } from "@/api/queries";
import type { Asset, GenerateOptions } from "@/api/types";
import { AssetImage } from "@/components/asset-media/asset-image";
import { AssetVideo } from "@/components/asset-media/asset-video";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { JobProgress } from "@/components/job-progress/job-progress";
import { JobStatusBadge } from "@/components/job-status/job-status";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { useJobAction } from "@/jobs/actions";
import { isTerminal } from "@/jobs/events";
import type { LiveJob } from "@/jobs/reducer";
import { jobTitle } from "@/jobs/title";
import { cn } from "@/lib/cn";
import { duration } from "@/lib/format";
import { presetName } from "@/presets/preset";
import { axesOf } from "./grid/axes";

interface GenerationCardProps {
  job: LiveJob;
  onReuse: (settings: Record<string, unknown>) => void;
  onOpen: (asset: Asset) => void;
  /** Shown in place of the pictures. */
  result?: ReactNode;
}

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** The settings that tell one card from the next. What was left to the server is known once there is a result. */
function summary(job: LiveJob, samplers: GenerateOptions["samplers"]): string {
  const made = job.outputs[0];
  const varied = axesOf(job.params.axes).map(({ field }) => [field, undefined]);
  const given: Record<string, unknown> = { ...job.params, ...made?.provenance, ...Object.fromEntries(varied) };
  const [width, height, steps, cfg] = [given.width, given.height, given.steps, given.cfg_scale].map(text);
  const [seconds, fps] = [given.duration_s, given.fps].map(text);
  return [
    width && height ? `${width} × ${height}` : "",
    seconds ? `${seconds} s` : "",
    fps ? `${fps} fps` : "",
    given.scale ? `×${text(given.scale)}` : "",
    steps ? `${steps} steps` : "",
    cfg ? `CFG ${cfg}` : "",
    samplers.find((sampler) => sampler.name === given.sampler)?.label ?? text(given.sampler),
    text(given.model),
    presetName(given),
  ]
    .filter((word) => word !== "")
    .join(" · ");
}

/** Few pictures are shown large, many side by side. */
function columns(count: number): string {
  if (count === 1) return "grid-cols-1 max-w-80";
  if (count === 2) return "grid-cols-2 max-w-lg";
  if (count === 3) return "grid-cols-2 sm:grid-cols-3";
  return "grid-cols-2 sm:grid-cols-4";
}

/** The seed a job's first picture was made with, or null until it is known. */
export function seedUsed(job: LiveJob): number | null {
  const made = job.outputs[0]?.provenance.seed;
  // What is not drawn from noise has none, but in its result the number stands at zero.
  const value = job.params.seed === undefined ? made : (job.result?.seed ?? made);
  const seed = typeof value === "string" ? Number(value) : value;
  return typeof seed === "number" && Number.isFinite(seed) ? seed : null;
}

/** One picture of a job: made, on its way, or awaited. */
export function Tile({ job, index, onOpen }: { job: LiveJob; index: number; onOpen: (asset: Asset) => void }) {
  const asset = job.outputs.find((output) => output.index === index);
  const preview = job.previews[index];
  const shape = "block w-full overflow-hidden rounded-xl bg-sunken";
  const made = asset !== undefined && asset.width > 0 ? asset : job.params;
  const ratio = { aspectRatio: `${Number(made.width) || 1} / ${Number(made.height) || 1}` };
  if (asset?.kind === "video") {
    return (
      <div className={`${shape} relative`} style={ratio}>
        <AssetVideo asset={asset} className="size-full" />
        <IconButton
          label={`Open video ${index + 1}: ${jobTitle(job)}`}
          look="secondary"
          className="absolute top-2 right-2"
          onClick={() => onOpen(asset)}
        >
          <Maximize2 />
        </IconButton>
      </div>
    );
  }
  if (asset !== undefined) {
    return (
      <button
        type="button"
        aria-label={`Open picture ${index + 1}: ${jobTitle(job)}`}
        className={`${shape} group transition-shadow hover:shadow-float`}
        style={ratio}
        onClick={() => onOpen(asset)}
      >
        <AssetImage
          asset={asset}
          className="size-full object-cover transition-transform duration-300 group-hover:scale-[1.02]"
        />
      </button>
    );
  }
  if (preview !== undefined) {
    return (
      <div className={shape} style={job.params.duration_s === undefined ? ratio : undefined}>
        <img src={preview} alt={`Preview ${index + 1}`} className="size-full object-cover" data-preview={index} />
      </div>
    );
  }
  return <div className={`${shape} animate-shimmer`} style={ratio} />;
}

export function GenerationCard({ job, onReuse, onOpen, result }: GenerationCardProps) {
  const act = useJobAction();
  const options = useQuery(generateOptionsQuery);
  const ended = isTerminal(job.status);
  const seed = seedUsed(job);
  const count = ended ? job.outputs.length : Math.max(job.outputs.length, Number(job.params.count) || 1);
  const indices = ended
    ? job.outputs.map((output) => output.index)
    : Array.from({ length: count }, (_, index) => index);
  const seconds =
    job.started_at && job.finished_at ? (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000 : null;
  const technique = job.outputs[0]?.provenance.technique;
  const reuse = () => onReuse({ loras: [], ...job.params, ...(seed === null ? {} : { seed }) });
  return (
    <article
      aria-label={jobTitle(job)}
      data-job={job.id}
      className="grid gap-3 rounded-2xl border bg-surface p-4 shadow-card"
    >
      <header className="flex items-start gap-2">
        <div className="min-w-0 grow">
          <h3 className="line-clamp-2 font-medium text-pretty break-words">{jobTitle(job)}</h3>
          <p className="mt-0.5 text-xs break-words text-muted tabular-nums">
            {summary(job, options.data?.samplers ?? [])}
            {seed !== null && (
              <>
                {" · "}
                <span data-seed-used={seed}>seed {seed}</span>
              </>
            )}
            {" · "}
            <RelativeTime time={job.created_at} />
            {job.result?.cached === true ? " · from cache" : seconds !== null && ` · took ${duration(seconds)}`}
          </p>
          {typeof technique === "string" && technique !== "" && (
            <Badge className="mt-1.5">{technique.charAt(0).toUpperCase() + technique.slice(1)}</Badge>
          )}
        </div>
        {job.status !== "completed" && (
          <span className={ended ? "" : "max-sm:hidden"}>
            <JobStatusBadge status={job.status} />
          </span>
        )}
        <IconButton label="Use these settings" onClick={reuse}>
          <SlidersHorizontal />
        </IconButton>
        {!ended && (
          <IconButton label="Cancel" onClick={() => void act(job.id, "cancel")}>
            <X />
          </IconButton>
        )}
      </header>
      {!ended && <JobProgress job={job} />}
      {job.error && (
        <div role="alert" className="rounded-xl bg-danger-soft p-3">
          <p className="font-medium text-danger">{job.error.message}</p>
          {job.error.hint && <p className="mt-1">{job.error.hint}</p>}
        </div>
      )}
      {result}
      {result === undefined && indices.length > 0 && (
        <div className={cn("grid gap-3", columns(indices.length))}>
          {indices.map((index) => (
            <Tile key={index} job={job} index={index} onOpen={onOpen} />
          ))}
        </div>
      )}
      {(job.status === "failed" || job.status === "cancelled") && (
        <Button size="sm" className="justify-self-start" onClick={() => void act(job.id, "retry")}>
          <RotateCw />
          Run again
        </Button>
      )}
    </article>
  );
}
