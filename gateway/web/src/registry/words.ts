import type { RegisteredModel } from "@/api/types";
import type { Tone } from "@/components/badge/badge";

export type ModelKind = NonNullable<RegisteredModel["kind"]>;

export const KINDS: Record<ModelKind, string> = {
  base: "Base model",
  lora: "LoRA",
  vae: "VAE",
  upscaler: "Upscaler",
  motion_adapter: "Motion adapter",
  text: "Text model",
  embedding: "Embedding",
};

const FAMILIES: Record<string, string> = {
  sd: "SD 1 · 2 · XL",
  sd1: "SD 1.5",
  sd2: "SD 2",
  sd3: "SD 3",
  sdxl: "SDXL",
  "sdxl-refiner": "SDXL refiner",
  flux: "Flux",
  wan: "Wan",
  ltx: "LTX",
  svd: "SVD",
  esrgan: "ESRGAN",
  transformers: "Transformers",
};

export function kindWord(kind: RegisteredModel["kind"]): string {
  return kind === null ? "Not known yet" : KINDS[kind];
}

/** "" where nothing is known. */
export function familyWord(family: string): string {
  return family === "unknown" ? "" : (FAMILIES[family] ?? family);
}

const STATUS: Record<RegisteredModel["status"], { word: string; tone: Tone }> = {
  downloading: { word: "On its way", tone: "accent" },
  available: { word: "Ready", tone: "neutral" },
  loading: { word: "Loading", tone: "accent" },
  loaded: { word: "In memory", tone: "success" },
  failed: { word: "Failed", tone: "danger" },
};

export function standing(model: Pick<RegisteredModel, "status">): { word: string; tone: Tone } {
  return STATUS[model.status];
}

/** Bytes a model takes in memory, at the worker where it takes most. */
export function memoryOf(model: Pick<RegisteredModel, "loaded_on">): number {
  return Math.max(0, ...model.loaded_on.map((place) => place.bytes));
}
