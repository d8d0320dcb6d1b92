import { File as FileIcon, Film } from "lucide-react";
import type { Asset } from "@/api/types";
import { AssetImage } from "./asset-image";

/** The small picture of any asset; a symbol for one that has none. */
export function AssetPreview({ asset, className }: { asset: Asset; className?: string }) {
  if (asset.thumbnail_url !== null) return <AssetImage asset={asset} thumbnail {...(className ? { className } : {})} />;
  const Icon = asset.kind === "video" ? Film : FileIcon;
  return (
    <span className="grid size-full place-items-center text-muted">
      <Icon aria-hidden="true" className="size-8" />
    </span>
  );
}
