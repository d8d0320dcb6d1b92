import { chosenLoras } from "../loras";
import type { StudioForm } from "../use-form";
import type { AxisValue } from "./axes";

export interface AxisField {
  name: string;
  label: string;
  /** What it needs that is not there yet, or undefined. */
  missing: string | undefined;
}

/** The settings an axis may vary, those first that are compared most often. */
const FIRST = ["steps", "cfg_scale", "sampler", "seed"];

export function fieldsOf(form: StudioForm): AxisField[] {
  const choices = form.mode.fields.axes?.fields?.field?.choices ?? [];
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return choices
    .map(({ name, label }) => ({ name, label, missing: missingFor(name, form) }))
    .sort((one, other) => rank(one.name) - rank(other.name));
}

function missingFor(field: string, form: StudioForm): string | undefined {
  if (field === "strength" && form.text("image") === "") return "needs a picture";
  if (field === "lora_weight" && chosenLoras(form.values.loras).length === 0) return "needs a LoRA";
  if (field === "model" && form.options.models.length < 2) return "needs two models";
  return undefined;
}

/** The values an axis begins with. */
export function beginningOf(field: string, form: StudioForm): readonly AxisValue[] {
  switch (field) {
    case "steps":
      return [10, 20, 30];
    case "cfg_scale":
      return [4, 7, 10];
    case "seed":
      return [1, 2, 3];
    case "strength":
      return [0.3, 0.6, 0.9];
    case "lora_weight":
      return [0.5, 1];
    case "width":
    case "height": {
      const side = form.number(field);
      return Number.isNaN(side) ? [] : [side, side + 64];
    }
    case "sampler":
      return form.options.samplers.slice(0, 2).map(({ name }) => name);
    case "model":
      return form.options.models.slice(0, 2).map(({ name }) => name);
    case "prompt":
    case "negative_prompt":
      return [form.text(field).trim()].filter((words) => words !== "");
    default:
      return [];
  }
}
