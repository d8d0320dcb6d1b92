export interface Difference {
  name: string;
  before: string;
  after: string;
}

// What follows from others, or says nothing to people.
const HIDDEN = new Set(["sampler", "versions", "model_hash", "kind", "image_sha256", "mask_sha256"]);

function told(value: unknown): string {
  if (value === undefined || value === null || value === "") return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A setting's name in words: `cfg_scale` → "CFG scale". */
export function settingName(field: string): string {
  const words = field.replace(/_label$/, "").replaceAll("_", " ");
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/^Cfg\b/, "CFG");
}

/** The settings that two assets do not share. */
export function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Difference[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((field) => !HIDDEN.has(field));
  return fields
    .map((field) => ({ name: settingName(field), before: told(before[field]), after: told(after[field]) }))
    .filter((row) => row.before !== row.after);
}
