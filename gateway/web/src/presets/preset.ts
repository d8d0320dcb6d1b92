import type { Preset, PresetSettings } from "@/api/types";
import { fill, PRESET_GAP } from "@/prompts/template";

export type PresetKind = Preset["kind"];

/** The parts of a preset that make a prompt another one; the form of a new one has them before it is kept. */
export interface Words {
  template: string;
  negative_prompt: string;
}

/** A prompt as a preset makes it; the gateway does the same when it takes the request. */
export function promptOf(preset: Words, prompt: string, variables: Readonly<Record<string, string>>): string {
  return fill(preset.template, { ...variables, prompt }, PRESET_GAP);
}

/** A negative prompt and a preset's, without saying anything twice. */
export function negativeOf(preset: Words, asked: string): string {
  const said = new Set(asked.split(",").map((phrase) => phrase.trim().toLowerCase()));
  const more = preset.negative_prompt
    .split(",")
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== "" && !said.has(phrase.toLowerCase()));
  return [asked.trim().replace(/,+$/, ""), more.join(", ")].filter(Boolean).join(", ");
}

/** What a preset sets, without what it leaves open. */
export function given(settings: PresetSettings): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null && value !== undefined));
}

const LABELS: Record<string, string> = {
  steps: "steps",
  cfg_scale: "CFG",
  sampler: "sampler",
  aspect_ratio: "shape",
  fps: "fps",
  duration_s: "seconds",
  motion_intensity: "motion",
};

/** What a preset sets, in few words each. */
export function settingWords(settings: PresetSettings): string[] {
  const words: string[] = [];
  for (const [name, value] of Object.entries(given(settings))) {
    if (name === "camera") words.push(`camera ${String((value as { move: string }).move).replaceAll("_", " ")}`);
    else if (name === "width") words.push(`${String(value)} × ${String(settings.height ?? "?")}`);
    else if (LABELS[name] !== undefined) words.push(`${LABELS[name]} ${String(value)}`);
  }
  return words;
}

/** Width and height of a shape such as `16:9`, with about as many pixels as the square a model was trained for. */
export function shapeOf(aspectRatio: string, native: number): { width: number; height: number } {
  const [wide = 1, high = 1] = aspectRatio.split(":").map(Number);
  const side = (part: number, other: number) =>
    Math.max(64, Math.round((native * Math.sqrt(part / other)) / 8) * 8);
  return { width: side(wide, high), height: side(high, wide) };
}

interface Used {
  id: string;
  name?: string;
  prompt: string;
  negative_prompt: string;
  variables: Record<string, string>;
}

function isUsed(value: unknown): value is Used {
  return typeof value === "object" && value !== null && "id" in value && "prompt" in value;
}

/** What the preset is called that such settings were made with, or "". */
export function presetName(settings: Readonly<Record<string, unknown>>): string {
  const used = settings.preset;
  return isUsed(used) && typeof used.name === "string" ? used.name : "";
}

/**
 * The settings of a job or an asset as a form has them: where a preset was used, the words that were asked and the preset,
 * not the words it made of them. Where that preset is gone, the words it made stand for it.
 */
export function asAsked(
  settings: Readonly<Record<string, unknown>>,
  known: readonly Preset[] | undefined,
): Record<string, unknown> {
  const used = settings.preset;
  if (isUsed(used)) {
    if (known !== undefined && !known.some(({ id }) => id === used.id)) {
      return { ...settings, preset: "", preset_variables: {} };
    }
    return {
      ...settings,
      prompt: used.prompt,
      negative_prompt: used.negative_prompt,
      preset: used.id,
      preset_variables: used.variables,
    };
  }
  // Settings of a whole picture that was made without one.
  return "steps" in settings && !("preset" in settings) ? { ...settings, preset: "", preset_variables: {} } : { ...settings };
}
