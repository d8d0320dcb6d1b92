import type { PresetKind } from "@/presets/preset";

/** Where a preset is used, by what it makes. */
export const USED_AT: Record<PresetKind, "/text-to-image" | "/text-to-video"> = {
  image: "/text-to-image",
  video: "/text-to-video",
};
