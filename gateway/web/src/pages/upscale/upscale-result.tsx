import { useQuery } from "@tanstack/react-query";
import { Download, Maximize2, Minimize2 } from "lucide-react";
import { useState } from "react";
import { assetQuery } from "@/api/queries";
import type { Asset } from "@/api/types";
import { CompareAssets } from "@/components/compare-slider/compare-assets";
import { AssetPreview } from "@/components/asset-media/asset-preview";
import { downloadAsset } from "@/components/asset-media/download";
import { Button } from "@/components/button/button";
import { Skeleton } from "@/components/skeleton/skeleton";
import type { LiveJob } from "@/jobs/reducer";
import { cn } from "@/lib/cn";
import { SendToMenu } from "@/studio/send-to-menu";

/** What was made beside what it was made of. */
export function UpscaleResult({ job, made }: { job: LiveJob; made: Asset }) {
  const [whole, setWhole] = useState(true);
  const id = String(job.params.image || job.params.video || "");
  const source = useQuery({ ...assetQuery(id), enabled: id !== "", retry: false });
  const ratio = { aspectRatio: `${made.width || 1} / ${made.height || 1}` };
  return (
    <div className="grid grid-cols-1 gap-3">
      <div
        className={cn("overflow-hidden rounded-xl bg-sunken", !whole && "max-h-[75dvh] overflow-auto")}
        // Scrolled with the keyboard where it is larger than its place.
        {...(whole ? {} : { tabIndex: 0, role: "region", "aria-label": "The result at its full size" })}
      >
        <div style={whole ? {} : { width: `${made.width / window.devicePixelRatio}px` }} className={cn(whole && "mx-auto max-h-[75dvh]")}>
          {source.data ? (
            <CompareAssets before={source.data} after={made} />
          ) : source.isError ? (
            <div style={ratio}>
              <AssetPreview asset={made} className="size-full object-contain" />
            </div>
          ) : (
            <Skeleton className="w-full" />
          )}
        </div>
      </div>
      {source.isError && <p className="text-xs text-muted">What it was made of is not there any more.</p>}
      <div className="flex flex-wrap items-center gap-2">
        <p className="grow text-xs text-muted tabular-nums">
          {source.data && `${source.data.width} × ${source.data.height} → `}
          {made.width} × {made.height}
        </p>
        <Button size="sm" look="ghost" aria-pressed={!whole} onClick={() => setWhole(!whole)}>
          {whole ? <Maximize2 /> : <Minimize2 />}
          {whole ? "Full size" : "Fit"}
        </Button>
        <SendToMenu asset={made} />
        <Button size="sm" onClick={() => void downloadAsset(made)}>
          <Download />
          Download
        </Button>
      </div>
    </div>
  );
}
