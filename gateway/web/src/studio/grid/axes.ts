/** The axes of a grid as a form holds them, and as a person writes their values. */
import type { GenerateOptions } from "@/api/types";

export type AxisValue = string | number;

export interface Axis {
  field: string;
  values: readonly AxisValue[];
}

export const MOST_CELLS = 100;
export const MOST_VALUES = 20;
export const FEWEST_VALUES = 2;
/** What the values of each axis go along. */
export const DIRECTIONS = ["Columns", "Rows", "Blocks"] as const;

const TEXTS = ["prompt", "negative_prompt", "prompt_replace"];
const CHOICES = ["sampler", "model"];

/** How the values of a field are given. */
export function sortOf(field: string): "text" | "choice" | "number" {
  if (TEXTS.includes(field)) return "text";
  return CHOICES.includes(field) ? "choice" : "number";
}

/** The axes in a form's value; what a draft or another server's job carries may be anything. */
export function axesOf(value: unknown): Axis[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null || !("field" in item) || typeof item.field !== "string") return [];
    const values = "values" in item && Array.isArray(item.values) ? item.values : [];
    return [{ field: item.field, values: values.filter((one) => typeof one === "string" || typeof one === "number") }];
  });
}

/** How many pictures the axes make. */
export function cellCount(axes: readonly Axis[]): number {
  return axes.reduce((count, axis) => count * axis.values.length, axes.length === 0 ? 0 : 1);
}

/** What keeps the axes from being asked for, or undefined. */
export function axesFault(axes: readonly Axis[]): string | undefined {
  if (axes.length === 0) return "Add an axis: what should differ from picture to picture?";
  if (axes.some((axis) => axisFault(axis) !== undefined)) return "An axis needs a correction.";
  const count = cellCount(axes);
  return count > MOST_CELLS ? `${count} pictures are too many; at most ${MOST_CELLS} are made.` : undefined;
}

/** What is wrong with one axis, or undefined. */
export function axisFault({ values }: Axis): string | undefined {
  if (values.length < FEWEST_VALUES) return "Give at least two values.";
  return values.length > MOST_VALUES ? `At most ${MOST_VALUES} values; these are ${values.length}.` : undefined;
}

const NUMBER = String.raw`-?\d+(?:\.\d+)?`;
const RANGE = new RegExp(String.raw`^(${NUMBER})\s*-\s*(${NUMBER})\s*(?:\(\s*\+?(${NUMBER})\s*\)|\[\s*(\d+)\s*\])?$`);

/**
 * Numbers as they are written: `10, 20, 30`, `1-30 (+5)` for every fifth, `1-10 [4]` for four of even distance; null
 * where that is not what stands there. No more are counted out than an axis could hold, and one.
 */
export function numbersOf(text: string): number[] | null {
  const found: number[] = [];
  for (const part of text.split(",").map((one) => one.trim())) {
    if (part === "") continue;
    const range = RANGE.exec(part);
    if (range === null) {
      if (!new RegExp(`^${NUMBER}$`).test(part)) return null;
      found.push(Number(part));
      continue;
    }
    const [from, to] = [Number(range[1]), Number(range[2])];
    const count = range[4] === undefined ? undefined : Number(range[4]);
    const step = count === undefined ? Math.abs(Number(range[3] ?? 1)) : Math.abs(to - from) / Math.max(1, count - 1);
    if (step === 0 && from !== to) return null;
    const most = count ?? (step === 0 ? 1 : Math.floor(Math.abs(to - from) / step + 1e-9) + 1);
    for (let place = 0; place < Math.min(most, MOST_VALUES + 1); place += 1) {
      found.push(rounded(from + Math.sign(to - from) * step * place));
    }
  }
  return found;
}

/** Without what binary fractions add: 0.1 + 0.2. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}

/** One value a line; empty lines count as nothing. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const SHOWN: Record<string, string> = {
  width: "Width",
  height: "Height",
  steps: "Steps",
  cfg_scale: "CFG",
  seed: "Seed",
  strength: "Strength",
  lora_weight: "LoRA",
};

/** A value as it stands beside its pictures. */
export function valueLabel(field: string, value: AxisValue, samplers: GenerateOptions["samplers"]): string {
  if (field === "sampler") return samplers.find(({ name }) => name === value)?.label ?? String(value);
  if (field === "negative_prompt") return `Not: ${value === "" ? "(nothing)" : value}`;
  if (value === "") return "(nothing)";
  return SHOWN[field] === undefined ? String(value) : `${SHOWN[field]} ${value}`;
}
