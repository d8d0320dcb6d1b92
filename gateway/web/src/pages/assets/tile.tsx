import { Check, Clock, Film, Heart } from "lucide-react";
import type { DragEvent, MouseEvent } from "react";
import type { Asset } from "@/api/types";
import { AssetIcon } from "@/components/asset-media/asset-icon";
import { AssetImage } from "@/components/asset-media/asset-image";
import { describeAsset } from "@/components/asset-media/describe";
import { cn } from "@/lib/cn";
import { duration } from "@/lib/format";

interface TileProps {
  asset: Asset;
  chosen: boolean;
  /** Some are chosen, so that a click chooses as well. */
  choosing: boolean;
  onOpen: () => void;
  onChoose: (range: boolean) => void;
  onDragStart: (event: DragEvent) => void;
}

const badge = "flex items-center gap-1 rounded-md bg-black/70 px-1.5 py-0.5 text-xs text-white";

export function Tile({ asset, chosen, choosing, onOpen, onChoose, onDragStart }: TileProps) {
  const words = describeAsset(asset);
  const click = (event: MouseEvent) => (choosing || event.shiftKey ? onChoose(event.shiftKey) : onOpen());
  return (
    <div
      data-asset={asset.id}
      draggable
      onDragStart={onDragStart}
      className={cn(
        "group relative aspect-square overflow-hidden rounded-xl bg-sunken [contain-intrinsic-size:11rem] [content-visibility:auto]",
        chosen && "ring-3 ring-accent ring-inset",
      )}
    >
      <button
        type="button"
        aria-label={`Open ${words}`}
        onClick={click}
        className="block size-full rounded-xl [&_img]:pointer-events-none"
      >
        {asset.thumbnail_url === null ? (
          <span className="grid size-full place-items-center content-center gap-2 p-3 text-muted">
            <AssetIcon asset={asset} />
            <span className="line-clamp-2 text-xs wrap-anywhere">{asset.name}</span>
          </span>
        ) : (
          <AssetImage
            asset={asset}
            thumbnail
            className={cn(
              "size-full object-cover transition-transform duration-300 group-hover:scale-[1.03]",
              chosen && "scale-90 rounded-lg group-hover:scale-90",
            )}
          />
        )}
        <span
          aria-hidden="true"
          className="absolute inset-x-0 bottom-0 truncate bg-gradient-to-t from-black/80 to-transparent px-3 pt-8 pb-2 text-left text-xs text-white opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100"
        >
          {words}
        </span>
      </button>
      <span className="pointer-events-none absolute top-2 right-2 flex gap-1">
        {asset.kind === "video" && (
          <span className={badge}>
            <Film aria-hidden="true" className="size-3" />
            {asset.duration_s > 0 && duration(asset.duration_s)}
            <span className="sr-only">Video</span>
          </span>
        )}
        {asset.expires_at !== null && (
          <span className={badge}>
            <Clock aria-hidden="true" className="size-3" />
            <span className="sr-only">Temporary</span>
          </span>
        )}
        {asset.favourite && (
          <span className={badge}>
            <Heart aria-hidden="true" className="size-3 fill-current" />
            <span className="sr-only">Favourite</span>
          </span>
        )}
      </span>
      <button
        type="button"
        role="checkbox"
        aria-checked={chosen}
        aria-label={`Choose ${words}`}
        onClick={(event) => onChoose(event.shiftKey)}
        className={cn(
          "absolute top-0 left-0 grid size-11 place-items-center opacity-0 transition-opacity group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100",
          (chosen || choosing) && "opacity-100",
        )}
      >
        <span
          className={cn(
            "grid size-5 place-items-center rounded-md border-2 border-white bg-black/40 text-white shadow-card",
            chosen && "border-accent bg-accent text-accent-foreground",
          )}
        >
          {chosen && <Check aria-hidden="true" className="size-3.5" strokeWidth={3} />}
        </span>
      </button>
    </div>
  );
}
