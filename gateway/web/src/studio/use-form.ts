import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { presetsQuery } from "@/api/queries";
import type { FieldLimit, GenerateMode, GenerateOptions, Job, Preset } from "@/api/types";
import type { ChosenPreset } from "@/components/prompt-field/preset-choice";
import { jobStore } from "@/jobs/store";
import { asAsked, given, shapeOf } from "@/presets/preset";
import { readStored, writeStored } from "@/lib/storage";
import { uniqueKey } from "@/lib/unique-key";
import { modelOf } from "./models";
import { defaultsOf, type Errors, errorsOf, type Fields, requestOf, restored, type Value, type Values } from "./values";

/** A mode's form: its values, what is wrong with them, and what can be done with it. */
export interface StudioForm {
  mode: GenerateMode;
  options: GenerateOptions;
  values: Values;
  text: (name: string) => string;
  number: (name: string) => number;
  flag: (name: string) => boolean;
  change: (part: Values) => void;
  /** The style preset that is asked with. */
  preset: ChosenPreset;
  /** Change it; a `preset` that was chosen anew brings its settings, null takes none away. */
  choosePreset: (chosen: ChosenPreset, preset?: Preset | null) => void;
  /** Take over the settings of a job, an asset or another mode's form. */
  restore: (given: Readonly<Record<string, unknown>>) => void;
  /** Back to the defaults; words and pictures stay. */
  reset: () => void;
  errors: Errors;
  /** What the server said to the last request, or null. */
  problem: Problem | null;
  busy: boolean;
  /** The job, or null where the values or the server forbid it; then `errors` or `problem` say why. */
  submit: () => Promise<Job | null>;
}

interface FormRules {
  /** Where the form begins, besides the contract's defaults. */
  initial?: ((options: GenerateOptions) => Values) | undefined;
  /** What is said of a required field that is empty. */
  missing: Readonly<Record<string, string>>;
  /** What else must not be asked for, by field. */
  check?: ((values: Values) => Errors) | undefined;
}

/** What a person gave, as against settings that have a default. */
const KEPT_AT_RESET = ["prompt", "image", "mask", "video"];
const LARGEST_DRAFT = 200_000;
const NO_VARIABLES: Readonly<Record<string, unknown>> = {};

export function useStudioForm(
  mode: GenerateMode,
  options: GenerateOptions,
  { initial, missing, check }: FormRules,
): StudioForm {
  const key = `atelier.${mode.name}`;
  const fields = useMemo(() => withModels(mode, options), [mode, options]);
  const base = useMemo(() => beginning(fields, options, initial), [fields, options, initial]);
  const [values, setValues] = useState(() => {
    const stored = readStored(() => localStorage, key);
    return typeof stored === "object" && stored !== null ? restored(base, { ...stored }, fields) : base;
  });
  const presets = useQuery({ ...presetsQuery, enabled: "preset" in fields }).data;
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  // At once: a draft that waits is lost to a refresh or to another page.
  useEffect(() => writeStored(() => localStorage, key, draft(values)), [key, values]);
  const found = { ...errorsOf(values, fields, missing), ...check?.(values) };
  const errors: Errors = {};
  for (const [name, field] of Object.entries(fields)) {
    // What is still empty is only worth a word once someone tried to go on without it.
    const own = field.required && values[name] === "" && !asked ? undefined : found[name];
    const said = own ?? problem?.field(name);
    if (said !== undefined) errors[name] = said;
  }
  const submit = async () => {
    setAsked(true);
    if (Object.keys(found).length > 0) return null;
    setBusy(true);
    setProblem(null);
    try {
      const job = await api.generate(mode.name, requestOf(values, fields), uniqueKey());
      jobStore.snapshot([job]);
      setAsked(false);
      return job;
    } catch (error) {
      setProblem(asProblem(error));
      return null;
    } finally {
      setBusy(false);
    }
  };
  const get = <T extends Value>(name: string, fallback: T) => (values[name] ?? fallback) as T;
  return {
    mode,
    options,
    values,
    text: (name) => get(name, ""),
    number: (name) => get(name, Number.NaN),
    flag: (name) => get(name, false),
    change: useCallback((part) => setValues((now) => ({ ...now, ...part })), []),
    preset: {
      id: get("preset", ""),
      variables: get("preset_variables", NO_VARIABLES) as ChosenPreset["variables"],
    },
    choosePreset: useCallback(
      ({ id, variables }, preset) =>
        setValues((now) => {
          const settings = preset ? settingsOf(preset, now, fields, options) : {};
          return restored(now, { ...settings, preset: id, preset_variables: variables }, fields);
        }),
      [fields, options],
    ),
    restore: useCallback(
      (given) => setValues((now) => restored(now, asAsked(given, presets), fields)),
      [fields, presets],
    ),
    reset: useCallback(
      () =>
        setValues((now) => ({
          ...base,
          ...Object.fromEntries(Object.entries(now).filter(([name]) => KEPT_AT_RESET.includes(name))),
        })),
      [base],
    ),
    errors,
    problem,
    busy,
    submit,
  };
}

/** What a preset sets in a mode's form; a shape becomes a size of the chosen model. */
function settingsOf(preset: Preset, now: Values, fields: Fields, options: GenerateOptions): Record<string, unknown> {
  const { aspect_ratio: shape } = preset.settings;
  const native = modelOf(options, String(now.model ?? ""))?.native_size;
  // A picture that is made of another has its shape.
  const sized = shape && native && "width" in fields && !("aspect_ratio" in fields || fields.image?.required || now.image);
  return { ...(sized ? shapeOf(shape, native) : {}), ...given(preset.settings) };
}

function beginning(fields: GenerateMode["fields"], options: GenerateOptions, initial: FormRules["initial"]): Values {
  const model = fields.model?.choices?.[0]?.name;
  return { ...defaultsOf(fields), ...(model === undefined ? {} : { model }), ...initial?.(options) };
}

/** The mode's fields with what only the running service knows: its models or upscalers, and its samplers. */
function withModels(mode: GenerateMode, options: GenerateOptions): GenerateMode["fields"] {
  const { model, sampler, ...rest } = mode.fields;
  return {
    ...rest,
    ...(model ? { model: { ...model, choices: modelChoices(model, options) } } : {}),
    ...(sampler ? { sampler: { ...sampler, choices: options.samplers } } : {}),
  };
}

function modelChoices(model: FieldLimit, options: GenerateOptions): FieldLimit["choices"] {
  if (model.reference === "upscaler") {
    return [{ name: "", label: "Automatic" }, ...options.upscalers.map(({ name }) => ({ name, label: name }))];
  }
  return options.models.map(({ name }) => ({ name, label: name }));
}

/** A draft without what is too large for the browser's storage: a picture given as a `data:` URL. */
function draft(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => typeof value !== "string" || value.length < LARGEST_DRAFT),
  );
}
