import { ImageOff } from "lucide-react";
import { useState } from "react";
import type { Asset } from "@/api/types";
import { Skeleton } from "@/components/skeleton/skeleton";
import { cn } from "@/lib/cn";
import { describeAsset } from "./describe";
import { useProtectedUrl } from "./use-protected-url";

interface AssetImageProps {
  asset: Asset;
  /** The small version, where there is one. */
  thumbnail?: boolean;
  className?: string;
}

/** An image asset, in its own proportions or cut to the shape the class name gives. */
export function AssetImage({ asset, thumbnail = false, className }: AssetImageProps) {
  const url = useProtectedUrl((thumbnail ? asset.thumbnail_url : null) ?? asset.content_url);
  const [broken, setBroken] = useState(false);
  if (url === null) return <Skeleton className={cn("size-full rounded-none", className)} />;
  if (broken || url === undefined) {
    return (
      <div className={cn("grid size-full place-items-center bg-sunken text-muted", className)}>
        <ImageOff aria-hidden="true" className="size-6" />
        <span className="sr-only">This picture could not be loaded</span>
      </div>
    );
  }
  return (
    <img
      src={url}
      alt={describeAsset(asset)}
      width={asset.width || undefined}
      height={asset.height || undefined}
      loading="lazy"
      decoding="async"
      onError={() => setBroken(true)}
      // A line inside the edge keeps pale pictures apart from the page.
      className={cn("block outline -outline-offset-1 outline-foreground/10", className)}
    />
  );
}
