import type { NewPreset, Preset, PresetSettings } from "@/api/types";
import { given, type PresetKind } from "@/presets/preset";
import { PRESET_GAP, variables } from "@/prompts/template";

export interface SettingField {
  name: "steps" | "cfg_scale" | "fps" | "duration_s" | "motion_intensity";
  label: string;
  min: number;
  max: number;
  step: number;
}

const OF_ALL: readonly SettingField[] = [
  { name: "steps", label: "Steps", min: 1, max: 150, step: 1 },
  { name: "cfg_scale", label: "CFG scale", min: 0, max: 30, step: 0.5 },
];
const OF_VIDEOS: readonly SettingField[] = [
  { name: "fps", label: "Frames a second", min: 4, max: 60, step: 1 },
  { name: "duration_s", label: "Seconds", min: 3, max: 30, step: 0.5 },
  { name: "motion_intensity", label: "Motion", min: 0, max: 1, step: 0.05 },
];

/** The numbers a preset may set. */
export function numberFields(kind: PresetKind): readonly SettingField[] {
  return kind === "video" ? [...OF_ALL, ...OF_VIDEOS] : OF_ALL;
}

export const SHAPES = ["1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9", "21:9"] as const;

/** A preset as the form holds it. */
export type Draft = Required<Omit<NewPreset, "settings">> & { settings: PresetSettings };

const EMPTY: Draft = {
  name: "",
  description: "",
  kind: "image",
  category: "other",
  template: "{prompt}, ",
  negative_prompt: "",
  settings: {},
};

/** What the form begins with: a preset of one's own, a copy of any, or nothing. */
export function draftOf(preset: Preset | null, copy: boolean): Draft {
  if (preset === null) return EMPTY;
  const { name, description, kind, category, template, negative_prompt, settings } = preset;
  return {
    name: copy ? `${name.slice(0, 93)} (copy)` : name,
    description,
    kind,
    category,
    template,
    negative_prompt,
    settings,
  };
}

/** What is sent: of the settings those that are set, and that such a thing has. */
export function bodyOf(draft: Draft): Draft {
  const { width, height, fps, duration_s, camera, motion_intensity, ...both } = given(draft.settings);
  const own = draft.kind === "video" ? { fps, duration_s, camera, motion_intensity } : { width, height };
  const settings = Object.fromEntries(Object.entries({ ...both, ...own }).filter(([, value]) => value !== undefined));
  return { ...draft, category: draft.category.trim().toLowerCase().replaceAll(" ", "-"), settings };
}

/** What is wrong with a template before it is sent, or undefined. */
export function templateError(template: string): string | undefined {
  return variables(template, PRESET_GAP).some(({ name }) => name === "prompt")
    ? undefined
    : "Say with {prompt} where the prompt goes.";
}
