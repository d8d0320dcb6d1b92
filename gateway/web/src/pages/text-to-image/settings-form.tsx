import { ChevronDown, RotateCcw, Sparkles } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import type { Problem } from "@/api/problem";
import type { GenerateOptions } from "@/api/types";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Textarea } from "@/components/input/input";
import { NumberSlider } from "@/components/number-slider/number-slider";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Select } from "@/components/select/select";
import { cn } from "@/lib/cn";
import { useFocusAtStart } from "@/lib/focus-at-start";
import { SeedField } from "./seed-field";
import { checkSettings, modelOf, type Settings, type SettingsErrors, sizePresets } from "./settings";
import { SizeField } from "./size-field";

interface SettingsFormProps {
  options: GenerateOptions;
  settings: Settings;
  onChange: (part: Partial<Settings>) => void;
  onReset: () => void;
  onSubmit: () => void;
  busy: boolean;
  problem: Problem | null;
  lastSeed: number | null;
}

const FIELDS = [
  "prompt",
  "negative_prompt",
  "model",
  "width",
  "height",
  "steps",
  "cfg_scale",
  "seed",
  "sampler",
  "count",
  "format",
] as const;

export function SettingsForm({
  options,
  settings,
  onChange,
  onReset,
  onSubmit,
  busy,
  problem,
  lastSeed,
}: SettingsFormProps) {
  const [asked, setAsked] = useState(false);
  const [more, setMore] = useState(false);
  const prompt = useRef<HTMLTextAreaElement>(null);
  useFocusAtStart(prompt);
  const found: SettingsErrors = checkSettings(settings, options.limits);
  const errors: SettingsErrors = {};
  for (const field of FIELDS) {
    // An empty prompt is only worth a word once someone tried to go on without one.
    const own = field === "prompt" && !asked ? undefined : found[field];
    const said = own ?? problem?.field(field);
    if (said !== undefined) errors[field] = said;
  }
  const form = useRef<HTMLFormElement>(null);
  const showFirstError = useCallback(() => {
    setMore(true);
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  }, []);
  useEffect(() => {
    if (problem !== null && problem.fields.length > 0) showFirstError();
  }, [problem, showFirstError]);
  const submit = () => {
    setAsked(true);
    if (Object.keys(found).length === 0) onSubmit();
    else showFirstError();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    }
  };
  const limit = (field: string, fallback: { min: number; max: number; step: number }) => ({
    min: options.limits[field]?.minimum ?? fallback.min,
    max: options.limits[field]?.maximum ?? fallback.max,
    step: options.limits[field]?.multiple_of ?? fallback.step,
  });
  return (
    <form
      ref={form}
      noValidate
      aria-label="Picture settings"
      className="flex min-h-0 flex-col lg:h-full"
      onKeyDown={onKeyDown}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="relative grid min-h-0 grid-cols-1 content-start gap-5 overflow-y-auto p-4 md:p-5">
        <Field label="Prompt" error={errors.prompt}>
          {(control) => (
            <Textarea
              {...control}
              ref={prompt}
              className="min-h-28 max-h-72 text-[0.9375rem]"
              placeholder="a red apple on a blue background"
              value={settings.prompt}
              onChange={(event) => onChange({ prompt: event.target.value })}
            />
          )}
        </Field>
        <Field label="Negative prompt" error={errors.negative_prompt}>
          {(control) => (
            <Textarea
              {...control}
              className="min-h-10 max-h-48"
              placeholder="What it should not show"
              value={settings.negative_prompt}
              onChange={(event) => onChange({ negative_prompt: event.target.value })}
            />
          )}
        </Field>
        <Button
          look="ghost"
          size="sm"
          className="-mx-2 justify-between lg:hidden"
          aria-expanded={more}
          onClick={() => setMore(!more)}
        >
          All settings
          <ChevronDown className={cn("transition-transform", more && "rotate-180")} />
        </Button>
        <div className={cn("gap-5 lg:grid", more ? "grid" : "hidden")}>
          <Field label="Model" error={errors.model}>
            {(control) => (
              <Select
                {...control}
                value={settings.model}
                onChange={(model) => {
                  const native = modelOf(options, model)?.native_size;
                  onChange(native ? { model, width: native, height: native } : { model });
                }}
                choices={options.models.map((model) => ({
                  value: model.name,
                  label: model.name,
                  note: [model.native_size > 0 ? `${model.native_size} px` : "", model.status]
                    .filter(Boolean)
                    .join(" · "),
                  disabled: model.status === "failed",
                }))}
              />
            )}
          </Field>
          <SizeField
            width={settings.width}
            height={settings.height}
            presets={sizePresets(options, modelOf(options, settings.model))}
            limits={options.limits}
            errors={{ width: errors.width, height: errors.height }}
            onChange={onChange}
          />
          <NumberSlider
            label="Steps"
            {...limit("steps", { min: 1, max: 150, step: 1 })}
            sliderMax={Math.min(60, options.limits.steps?.maximum ?? 60)}
            value={settings.steps}
            onChange={(steps) => onChange({ steps })}
            error={errors.steps}
          />
          <NumberSlider
            label="CFG scale"
            {...limit("cfg_scale", { min: 0, max: 30, step: 0.5 })}
            sliderMax={Math.min(20, options.limits.cfg_scale?.maximum ?? 20)}
            value={settings.cfg_scale}
            onChange={(cfg_scale) => onChange({ cfg_scale })}
            error={errors.cfg_scale}
            hint="How closely to follow the prompt; 1 = freely."
          />
          <SeedField
            seed={settings.seed}
            locked={settings.seedLocked}
            lastUsed={lastSeed}
            error={errors.seed}
            onChange={onChange}
          />
          <Field label="Sampler" error={errors.sampler}>
            {(control) => (
              <Select
                {...control}
                value={settings.sampler}
                onChange={(sampler) => onChange({ sampler })}
                choices={options.samplers.map((sampler) => ({ value: sampler.name, label: sampler.label }))}
              />
            )}
          </Field>
          <NumberSlider
            label="Pictures"
            {...limit("count", { min: 1, max: 16, step: 1 })}
            value={settings.count}
            onChange={(count) => onChange({ count })}
            error={errors.count}
          />
          <Field label="Format" error={errors.format}>
            {(control) => (
              <Select
                {...control}
                value={settings.format}
                onChange={(format) => onChange({ format })}
                choices={options.formats.map((format) => ({ value: format, label: format.toUpperCase() }))}
              />
            )}
          </Field>
        </div>
      </div>
      <div className="grid gap-3 border-t p-4 md:px-5">
        {problem !== null && <ProblemNotice error={problem} shownFields={FIELDS} />}
        <div className="flex gap-2">
          <Button type="submit" look="primary" size="lg" busy={busy} className="grow">
            {!busy && <Sparkles />}
            {settings.count > 1 ? `Make ${settings.count} pictures` : "Make a picture"}
          </Button>
          <IconButton label="Back to the defaults (keeps the prompt)" size="icon" className="size-11" onClick={onReset}>
            <RotateCcw />
          </IconButton>
        </div>
      </div>
    </form>
  );
}
