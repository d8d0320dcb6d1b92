import type { PresetKind } from "@/presets/preset";

/** Where a preset is used, by what it makes. */
export const USED_AT: Partial<Record<PresetKind, "/text-to-image">> = { image: "/text-to-image" };
