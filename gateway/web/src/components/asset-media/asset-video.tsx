import { VideoOff } from "lucide-react";
import { useState } from "react";
import type { Asset } from "@/api/types";
import { Skeleton } from "@/components/skeleton/skeleton";
import { cn } from "@/lib/cn";
import { describeAsset } from "./describe";
import { useProtectedUrl } from "./use-protected-url";

interface AssetVideoProps {
  asset: Asset;
  className?: string;
}

/** A video asset over its poster; it plays by itself, without sound and over again, where motion is welcome. */
export function AssetVideo({ asset, className }: AssetVideoProps) {
  const url = useProtectedUrl(asset.content_url);
  const poster = useProtectedUrl(asset.thumbnail_url ?? "data:,");
  const [broken, setBroken] = useState(false);
  if (url === null) return <Skeleton className={cn("size-full rounded-none", className)} />;
  if (broken || url === undefined) {
    return (
      <div className={cn("grid size-full place-items-center content-center gap-1 bg-sunken text-muted", className)}>
        <VideoOff aria-hidden="true" className="size-6" />
        <span className="px-2 text-center text-xs">This browser cannot play it; download it instead.</span>
      </div>
    );
  }
  return (
    <video
      src={url}
      poster={asset.thumbnail_url === null ? undefined : (poster ?? undefined)}
      aria-label={describeAsset(asset)}
      width={asset.width || undefined}
      height={asset.height || undefined}
      controls
      muted
      loop
      playsInline
      preload="metadata"
      autoPlay={!matchMedia("(prefers-reduced-motion: reduce)").matches}
      onError={() => setBroken(true)}
      className={cn("block bg-sunken", className)}
    />
  );
}
