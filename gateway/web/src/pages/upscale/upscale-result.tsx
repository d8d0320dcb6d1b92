import { useQuery } from "@tanstack/react-query";
import { Download, Info, Maximize2, Minimize2 } from "lucide-react";
import { useState } from "react";
import { assetQuery } from "@/api/queries";
import type { Asset } from "@/api/types";
import { AssetPreview } from "@/components/asset-media/asset-preview";
import { downloadAsset } from "@/components/asset-media/download";
import { Button } from "@/components/button/button";
import { CompareAssets } from "@/components/compare-slider/compare-assets";
import { IconButton } from "@/components/icon-button/icon-button";
import { Skeleton } from "@/components/skeleton/skeleton";
import { isTerminal } from "@/jobs/events";
import type { LiveJob } from "@/jobs/reducer";
import { cn } from "@/lib/cn";
import { SendToMenu } from "@/studio/send-to-menu";

interface UpscaleResultProps {
  job: LiveJob;
  onOpen: (asset: Asset) => void;
}

function useSource(job: LiveJob) {
  const id = String(job.params.image || job.params.video || "");
  return useQuery({ ...assetQuery(id), enabled: id !== "", retry: false });
}

/** As large as its place allows, and never higher than most of the window. */
function fitted({ width, height }: { width: number; height: number }) {
  const ratio = (width || 1) / (height || 1);
  return { aspectRatio: ratio, width: `min(100%, ${75 * ratio}dvh)` };
}

/** What was made beside what it was made of; while it is being made, how far it is. */
export function UpscaleResult({ job, onOpen }: UpscaleResultProps) {
  const made = job.outputs[0];
  if (made !== undefined) return <Made job={job} made={made} onOpen={onOpen} />;
  return isTerminal(job.status) ? null : <UnderWay job={job} />;
}

function UnderWay({ job }: { job: LiveJob }) {
  const source = useSource(job).data;
  const preview = job.previews[0];
  if (source === undefined) return null;
  const place = fitted(source);
  return (
    <div className="overflow-hidden rounded-xl bg-sunken" style={{ ...place, width: `min(20rem, ${place.width})` }}>
      {preview === undefined ? (
        <AssetPreview asset={source} className="size-full object-cover opacity-40" />
      ) : (
        <img src={preview} alt="What is done so far" className="size-full object-cover" data-preview={0} />
      )}
    </div>
  );
}

function Made({ job, made, onOpen }: UpscaleResultProps & { made: Asset }) {
  const [whole, setWhole] = useState(true);
  const source = useSource(job);
  return (
    <div className="grid grid-cols-1 gap-3">
      <div
        className={cn("rounded-xl bg-sunken", whole ? "overflow-hidden" : "max-h-[75dvh] overflow-auto")}
        // Scrolled with the keyboard where it is larger than its place.
        {...(whole ? {} : { tabIndex: 0, role: "region", "aria-label": "The result at its full size" })}
      >
        <div
          className="mx-auto"
          style={whole ? fitted(made) : { width: `${made.width / window.devicePixelRatio}px`, maxWidth: "none" }}
        >
          {source.data ? (
            <CompareAssets before={source.data} after={made} />
          ) : source.isError ? (
            <AssetPreview asset={made} className="size-full object-contain" />
          ) : (
            <Skeleton className="size-full" />
          )}
        </div>
      </div>
      {source.isError && <p className="text-xs text-muted">What it was made of is not there any more.</p>}
      <div className="flex flex-wrap items-center justify-end gap-2">
        <p className="mr-auto text-xs text-muted tabular-nums">
          {source.data && `${source.data.width} × ${source.data.height} → `}
          {made.width} × {made.height}
        </p>
        <Button size="sm" look="ghost" onClick={() => setWhole(!whole)}>
          {whole ? <Maximize2 /> : <Minimize2 />}
          {whole ? "Full size" : "Fit"}
        </Button>
        <IconButton label="Details" onClick={() => onOpen(made)}>
          <Info />
        </IconButton>
        <SendToMenu asset={made} />
        <Button size="sm" onClick={() => void downloadAsset(made)}>
          <Download />
          Download
        </Button>
      </div>
    </div>
  );
}
