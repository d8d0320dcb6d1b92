import { bytes } from "@/lib/format";

export const MOST_ATTACHMENTS = 8;

// What the gateway puts into a question; a longer text would fill the model's context.
const MOST_TEXT_BYTES = 256 * 1024;

/** A file that shall go with the next question. */
export interface Chip {
  key: string;
  name: string;
  /** Null while it is being uploaded. */
  assetId: string | null;
  kind: "image" | "text";
}

const READ = "Models read pictures and plain texts.";

/** Why a file cannot go with a question, as far as that can be told before it is uploaded; null = it may. */
export function refusal(file: { name: string; size: number; type: string }): string | null {
  const family = file.type.split("/")[0];
  if (file.size === 0) return `${file.name} is empty.`;
  if (family === "video" || family === "audio" || family === "font" || file.type === "application/pdf") {
    return `${file.name} cannot be attached. ${READ}`;
  }
  return family === "text" ? tooLong(file.name, file.size) : null;
}

/** Why an uploaded file cannot go with a question; null = it can. */
export function refusalOfAsset(asset: { name: string; kind: string; size: number }): string | null {
  if (asset.kind === "text") return tooLong(asset.name, asset.size);
  return asset.kind === "image" ? null : `${asset.name} cannot be attached. ${READ}`;
}

function tooLong(name: string, size: number): string | null {
  return size > MOST_TEXT_BYTES
    ? `${name} has ${bytes(size)}; a text may have ${bytes(MOST_TEXT_BYTES)}.`
    : null;
}
