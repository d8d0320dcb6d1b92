/** The values of a generation form by field: what the contract says of a mode's fields drives all of it. */
import type { FieldLimit, GenerateMode } from "@/api/types";

/** A number is NaN while its box is empty; left empty, a field takes what the server makes of it. */
export type Value = string | number | boolean | readonly unknown[] | Readonly<Record<string, unknown>>;
export type Values = Readonly<Record<string, Value>>;
export type Errors = Partial<Record<string, string>>;
export type Fields = GenerateMode["fields"];

const NUMBERS = ["integer", "number"];
const RANDOM = -1;

/** What the contract says of an empty form. */
export function defaultsOf(fields: Fields): Values {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, defaultOf(field)]));
}

function defaultOf(field: FieldLimit): Value {
  if (field.default !== null && field.default !== undefined) return field.default as Value;
  if (NUMBERS.includes(field.type)) return Number.NaN;
  return { boolean: false, array: [], object: {} }[field.type] ?? "";
}

/** Take over the values a job, an asset or a draft carries; what it does not carry, or this server lacks, stays. */
export function restored(base: Values, given: Readonly<Record<string, unknown>>, fields: Fields): Values {
  const next: Record<string, Value> = { ...base };
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name];
    if (fits(value, field)) next[name] = value;
  }
  return next;
}

function fits(value: unknown, field: FieldLimit): value is Value {
  if (field.choices) return field.choices.some((choice) => choice.name === value);
  if (NUMBERS.includes(field.type)) {
    return typeof value === "number" && Number.isFinite(value) && value >= (field.minimum ?? value);
  }
  if (field.type === "array") return Array.isArray(value);
  return typeof value === (field.type === "string" ? "string" : field.type) && value !== null;
}

/** The request: what was left empty is left out. */
export function requestOf(values: Values, fields: Fields): Record<string, Value> {
  const request: Record<string, Value> = {};
  for (const name of Object.keys(fields)) {
    const value = values[name];
    if (value === undefined || Number.isNaN(value)) continue;
    request[name] = name === "prompt" && typeof value === "string" ? value.trim() : value;
  }
  return request;
}

/** What the gateway would refuse, said before asking it; the limits are its own. */
export function errorsOf(values: Values, fields: Fields, missing: Readonly<Record<string, string>>): Errors {
  const errors: Errors = {};
  for (const [name, field] of Object.entries(fields)) {
    const error = errorOf(values[name], field, missing[name] ?? "Required.");
    if (error !== undefined) errors[name] = error;
  }
  return errors;
}

function errorOf(value: Value | undefined, field: FieldLimit, missing: string): string | undefined {
  if (typeof value === "number") return numberError(value, field);
  if (typeof value !== "string") return undefined;
  if (field.required && value.trim() === "") return missing;
  const longest = field.max_length;
  if (typeof longest === "number" && value.length > longest) {
    return `At most ${longest} characters; these are ${value.length}.`;
  }
  return undefined;
}

function numberError(value: number, field: FieldLimit): string | undefined {
  const { minimum, maximum, multiple_of: multiple } = field;
  if (Number.isNaN(value)) return field.required || typeof field.default === "number" ? "Give a number." : undefined;
  if (typeof minimum === "number" && value < minimum) return `At least ${minimum}.`;
  if (typeof maximum === "number" && value > maximum) return `At most ${maximum}.`;
  if (typeof multiple === "number" && value % multiple !== 0) return `A multiple of ${multiple}.`;
  return undefined;
}

/** The seed a form holds, or null for one that is drawn anew with every run. */
export function lockedSeed(values: Values): number | null {
  const seed = values.seed;
  return typeof seed === "number" && seed !== RANDOM ? seed : null;
}

export const RANDOM_SEED = { seed: RANDOM } as const;

const SEEDS = 2 ** 32;

export function randomSeed(random: number): number {
  return Math.floor(random * SEEDS);
}
