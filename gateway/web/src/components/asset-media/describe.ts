import type { Asset } from "@/api/types";

/** The settings an asset was made with; they may stand at the top of its provenance or under `request`. */
export function assetSettings(asset: Asset): Record<string, unknown> {
  const inner = asset.provenance.request ?? asset.provenance.params ?? asset.provenance.settings;
  return typeof inner === "object" && inner !== null
    ? { ...asset.provenance, ...(inner as Record<string, unknown>) }
    : asset.provenance;
}

/** What an asset shows, in words: its prompt, or its file name. */
export function describeAsset(asset: Asset): string {
  const prompt = assetSettings(asset).prompt;
  if (typeof prompt === "string" && prompt !== "") return prompt;
  return asset.name || `${asset.kind} ${asset.id}`;
}

const EXTENSIONS: Record<string, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
  "video/mp4": "mp4",
};

/** A file name to download an asset under, made of its prompt and seed. */
export function fileName(asset: Asset): string {
  const settings = assetSettings(asset);
  const words = describeAsset(asset)
    .toLowerCase()
    .replace(/\.[a-z0-9]{2,4}$/, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  const seed = settings.seed === undefined ? "" : `-${String(settings.seed)}`;
  return `${words || asset.id}${seed}.${EXTENSIONS[asset.content_type] ?? "bin"}`;
}
