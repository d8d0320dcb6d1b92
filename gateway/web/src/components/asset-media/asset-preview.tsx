import type { Asset } from "@/api/types";
import { AssetIcon } from "./asset-icon";
import { AssetImage } from "./asset-image";

/** The small picture of any asset; a symbol for one that has none. */
export function AssetPreview({ asset, className }: { asset: Asset; className?: string }) {
  if (asset.thumbnail_url !== null) return <AssetImage asset={asset} thumbnail {...(className ? { className } : {})} />;
  return (
    <span className="grid size-full place-items-center text-muted">
      <AssetIcon asset={asset} />
    </span>
  );
}
