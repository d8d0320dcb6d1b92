import { ChevronLeft, ChevronRight, Download, X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import type { Asset } from "@/api/types";
import { AssetImage } from "@/components/asset-media/asset-image";
import { AssetVideo } from "@/components/asset-media/asset-video";
import { describeAsset } from "@/components/asset-media/describe";
import { downloadAsset } from "@/components/asset-media/download";
import { focusLayer } from "@/components/dialog/focus";
import { ignoreToasts } from "@/components/dialog/outside";
import { IconButton } from "@/components/icon-button/icon-button";

interface LightboxProps {
  assets: readonly Asset[];
  /** Which asset is shown; null = closed. */
  openId: string | null;
  onOpen: (id: string | null) => void;
  /** More buttons for the asset shown. */
  actions?: (asset: Asset) => ReactNode;
  /** Shown beside the picture. */
  details?: (asset: Asset) => ReactNode;
}

/** Pictures over the whole screen: arrow keys go on and back, Home and End to the ends, D downloads, Escape closes. */
export function Lightbox({ assets, openId, onOpen, actions, details }: LightboxProps) {
  const index = assets.findIndex((asset) => asset.id === openId);
  const asset = assets[index];
  const show = (next: number) => {
    const target = assets[Math.min(assets.length - 1, Math.max(0, next))];
    if (target !== undefined) onOpen(target.id);
  };
  // An asset that was shown and is gone was deleted; one that has not been here yet is still being loaded.
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (asset !== undefined) shown.current = asset.id;
    else if (openId !== null && shown.current === openId) onOpen(null);
  }, [asset, openId, onOpen]);
  const Media = asset?.kind === "video" ? AssetVideo : AssetImage;
  const onKeyDown = (event: KeyboardEvent) => {
    // A video's own controls take the arrow keys to seek.
    if (event.target instanceof HTMLVideoElement) return;
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "ArrowLeft") show(index - 1);
    else if (event.key === "ArrowRight") show(index + 1);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(assets.length - 1);
    else if (event.key === "d" && asset) void downloadAsset(asset);
    else return;
    event.preventDefault();
  };
  return (
    <Radix.Root open={asset !== undefined} onOpenChange={(open) => !open && onOpen(null)}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-background" />
        {asset && (
          <Radix.Content
            aria-describedby={undefined}
            onOpenAutoFocus={focusLayer}
            onInteractOutside={ignoreToasts}
            onKeyDown={onKeyDown}
            className="fixed inset-0 z-50 flex flex-col bg-background outline-none"
          >
            <header className="flex items-center gap-2 border-b px-4 py-2">
              <Radix.Title className="min-w-0 grow truncate text-sm font-medium">{describeAsset(asset)}</Radix.Title>
              <span className="text-xs whitespace-nowrap text-muted tabular-nums" aria-live="polite">
                {index + 1} / {assets.length}
              </span>
              {actions?.(asset)}
              <IconButton label="Download (D)" onClick={() => void downloadAsset(asset)}>
                <Download />
              </IconButton>
              <Radix.Close asChild>
                <IconButton label="Close (Escape)">
                  <X />
                </IconButton>
              </Radix.Close>
            </header>
            <div className="flex min-h-0 grow flex-col md:flex-row">
              <div className="relative flex min-h-0 min-w-0 grow items-center bg-sunken">
                <Media
                  key={asset.id}
                  asset={asset}
                  className="absolute inset-4 size-[calc(100%-2rem)] animate-enter object-contain outline-none"
                />
                {index > 0 && (
                  <IconButton
                    label="Previous"
                    look="secondary"
                    className="absolute left-3"
                    onClick={() => show(index - 1)}
                  >
                    <ChevronLeft />
                  </IconButton>
                )}
                {index < assets.length - 1 && (
                  <IconButton
                    label="Next"
                    look="secondary"
                    className="absolute right-3"
                    onClick={() => show(index + 1)}
                  >
                    <ChevronRight />
                  </IconButton>
                )}
              </div>
              {details && (
                <aside className="max-h-[45dvh] shrink-0 overflow-y-auto border-t p-5 md:max-h-none md:w-80 md:border-t-0 md:border-l">
                  {details(asset)}
                </aside>
              )}
            </div>
          </Radix.Content>
        )}
      </Radix.Portal>
    </Radix.Root>
  );
}
