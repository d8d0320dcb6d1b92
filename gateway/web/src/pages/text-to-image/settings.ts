import type { DiffusionModel, FieldLimit, GenerateOptions, TextToImage } from "@/api/types";

/** The form's values; numbers are NaN while their box is empty. */
export interface Settings extends TextToImage {
  /** True = `seed` is used as it stands; false = every run draws a new one. */
  seedLocked: boolean;
}

export type SettingsErrors = Partial<Record<keyof TextToImage, string>>;

export const NUMBERS = ["width", "height", "steps", "cfg_scale", "count"] as const;
const TEXTS = ["prompt", "negative_prompt", "model", "sampler", "format"] as const;
export const SEEDS = 2 ** 32;

export function modelOf(options: GenerateOptions, name: string): DiffusionModel | undefined {
  return options.models.find((model) => model.name === name) ?? options.models[0];
}

function defaultNumber(limits: GenerateOptions["limits"], field: string, fallback: number): number {
  const value = limits[field]?.default;
  return typeof value === "number" ? value : fallback;
}

/** The settings a first visit starts with: what the contract says, at the model's native size. */
export function defaultSettings(options: GenerateOptions): Settings {
  const model = options.models[0];
  const native = model?.native_size ?? options.sizes[0]?.width ?? 512;
  const sampler = options.limits.sampler?.default;
  const format = options.limits.format?.default;
  return {
    prompt: "",
    negative_prompt: "",
    model: model?.name ?? "",
    width: defaultNumber(options.limits, "width", native),
    height: defaultNumber(options.limits, "height", native),
    steps: defaultNumber(options.limits, "steps", 20),
    cfg_scale: defaultNumber(options.limits, "cfg_scale", 7),
    seed: 0,
    seedLocked: false,
    sampler: typeof sampler === "string" ? sampler : (options.samplers[0]?.name ?? ""),
    count: defaultNumber(options.limits, "count", 1),
    format: typeof format === "string" ? format : (options.formats[0] ?? "png"),
  };
}

/** Take over the settings a job, an asset or a draft carries; what it does not carry, or this server lacks, stays. */
export function withSettings(base: Settings, given: Record<string, unknown>, options: GenerateOptions): Settings {
  const next: Settings = { ...base };
  for (const field of TEXTS) {
    const value = given[field];
    if (typeof value === "string") next[field] = value;
  }
  for (const field of NUMBERS) {
    const value = given[field];
    if (typeof value === "number" && Number.isFinite(value) && value > 0) next[field] = value;
  }
  const seed = given.seed;
  if (typeof seed === "number" && Number.isInteger(seed)) {
    next.seedLocked = typeof given.seedLocked === "boolean" ? given.seedLocked : seed >= 0;
    next.seed = Math.max(0, seed);
  }
  if (!options.models.some((model) => model.name === next.model)) next.model = base.model;
  if (!options.samplers.some((sampler) => sampler.name === next.sampler)) next.sampler = base.sampler;
  if (!options.formats.includes(next.format)) next.format = base.format;
  return next;
}

export function toRequest(settings: Settings): TextToImage {
  const { seedLocked, ...request } = settings;
  return { ...request, prompt: request.prompt.trim(), seed: seedLocked ? request.seed : -1 };
}

function numberError(value: number, limit: FieldLimit): string | undefined {
  const { minimum, maximum, multiple_of: multiple } = limit;
  if (Number.isNaN(value)) return "Give a number.";
  if (typeof minimum === "number" && value < minimum) return `At least ${minimum}.`;
  if (typeof maximum === "number" && value > maximum) return `At most ${maximum}.`;
  if (typeof multiple === "number" && value % multiple !== 0) return `A multiple of ${multiple}.`;
  return undefined;
}

/** What the gateway would refuse, said before asking it; the limits are its own. */
export function checkSettings(settings: Settings, limits: GenerateOptions["limits"]): SettingsErrors {
  const errors: SettingsErrors = {};
  if (settings.prompt.trim() === "") errors.prompt = "Say what the picture should show.";
  for (const field of ["prompt", "negative_prompt"] as const) {
    const longest = limits[field]?.max_length;
    if (typeof longest === "number" && settings[field].length > longest) {
      errors[field] = `At most ${longest} characters; these are ${settings[field].length}.`;
    }
  }
  for (const field of NUMBERS) {
    const error = numberError(settings[field], limits[field] ?? {});
    if (error !== undefined) errors[field] = error;
  }
  if (settings.seedLocked) {
    const error = numberError(settings.seed, limits.seed ?? {});
    if (error !== undefined) errors.seed = error;
  }
  return errors;
}

export interface SizePreset {
  label: string;
  width: number;
  height: number;
}

/** Sizes to offer for a model: the server's, which suit its first model, scaled to the native size of this one. */
export function sizePresets(options: GenerateOptions, model: DiffusionModel | undefined): SizePreset[] {
  const base = options.models[0]?.native_size || 1;
  const scale = (model?.native_size || base) / base;
  const allowed = (size: number, limit: FieldLimit | undefined) => {
    const multiple = limit?.multiple_of ?? 8;
    const rounded = Math.round((size * scale) / multiple) * multiple;
    return Math.min(limit?.maximum ?? rounded, Math.max(limit?.minimum ?? multiple, rounded));
  };
  const presets: SizePreset[] = [];
  for (const size of options.sizes) {
    const width = allowed(size.width, options.limits.width);
    const height = allowed(size.height, options.limits.height);
    // Small models round several shapes to the same size.
    if (!presets.some((other) => other.width === width && other.height === height)) {
      presets.push({ label: size.label, width, height });
    }
  }
  return presets;
}

export function randomSeed(random: number): number {
  return Math.floor(random * SEEDS);
}
