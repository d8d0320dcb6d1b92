import type { DiffusionModel, FieldLimit, GenerateOptions } from "@/api/types";

export function modelOf(options: GenerateOptions, name: string): DiffusionModel | undefined {
  return options.models.find((model) => model.name === name) ?? options.models[0];
}

/** The size a form begins with: the native one of the first model. */
export function nativeSize(options: GenerateOptions): { width: number; height: number } {
  const native = options.models[0]?.native_size || options.sizes[0]?.width || 512;
  return { width: native, height: native };
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
