import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "@/api/client";
import { generateOptionsQuery } from "@/api/queries";
import type { Preset } from "@/api/types";
import { Dialog } from "@/components/dialog/dialog";
import { EditForm, NameField } from "@/components/edit-form/edit-form";
import { Field } from "@/components/field/field";
import { Input, Textarea } from "@/components/input/input";
import { PresetEffect } from "@/components/prompt-field/preset-choice";
import { Segmented } from "@/components/segmented/segmented";
import { Select } from "@/components/select/select";
import { bodyOf, type Draft, draftOf, numberFields, SHAPES, templateError } from "./draft";

const FIELDS = ["name", "description", "category", "template", "negative_prompt"];
const OPEN = "open";

type Change = (part: Partial<Draft>) => void;

/** Numbers, sampler and shape; what is left empty is left to the request. */
function SettingFields({ draft, onChange }: { draft: Draft; onChange: Change }) {
  const options = useQuery(generateOptionsQuery).data;
  const { settings } = draft;
  const set = (part: Partial<Draft["settings"]>) => onChange({ settings: { ...settings, ...part } });
  const choice = (label: string, name: "sampler" | "aspect_ratio", choices: { value: string; label: string }[]) => (
    <Field label={label}>
      {(control) => (
        <Select
          {...control}
          value={settings[name] ?? OPEN}
          onChange={(value) => set({ [name]: value === OPEN ? null : value })}
          choices={[{ value: OPEN, label: "As it is asked" }, ...choices]}
        />
      )}
    </Field>
  );
  const samplers = options?.samplers.map((one) => ({ value: one.name, label: one.label })) ?? [];
  const known = samplers.some(({ value }) => value === settings.sampler) || !settings.sampler;
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-2 text-[0.8125rem] font-medium">Settings, where the preset has any</legend>
      <div className="grid grid-cols-2 gap-3">
        {numberFields(draft.kind).map(({ name, label, ...limits }) => (
          <Field key={name} label={label}>
            {(control) => (
              <Input
                {...control}
                {...limits}
                type="number"
                inputMode="decimal"
                placeholder="As it is asked"
                value={settings[name] ?? ""}
                onChange={({ target }) => set({ [name]: target.value === "" ? null : target.valueAsNumber })}
              />
            )}
          </Field>
        ))}
        {choice("Sampler", "sampler", [
          ...samplers,
          ...(known ? [] : [{ value: settings.sampler ?? "", label: settings.sampler ?? "" }]),
        ])}
        {choice(
          "Shape",
          "aspect_ratio",
          SHAPES.map((shape) => ({ value: shape, label: shape })),
        )}
      </div>
    </fieldset>
  );
}

function WordFields({ draft, onChange, wrong }: { draft: Draft; onChange: Change; wrong: Wrong }) {
  return (
    <>
      <Field
        label="Template"
        error={wrong("template") ?? templateError(draft.template)}
        hint="{prompt} is where the prompt goes; {light|neon light} is a gap that says neon light unless it is filled."
      >
        {(control) => (
          <Textarea
            {...control}
            required
            maxLength={4000}
            className="max-h-60"
            value={draft.template}
            onChange={(event) => onChange({ template: event.target.value })}
          />
        )}
      </Field>
      <Field label="Negative prompt" error={wrong("negative_prompt")}>
        {(control) => (
          <Textarea
            {...control}
            maxLength={4000}
            className="max-h-40 min-h-10"
            placeholder="blurry, text, watermark"
            value={draft.negative_prompt}
            onChange={(event) => onChange({ negative_prompt: event.target.value })}
          />
        )}
      </Field>
      <PresetEffect preset={draft} prompt="a lighthouse at the sea" negative="" variables={{}} />
    </>
  );
}

type Wrong = (field: string) => string | undefined;

function Form({ preset, copy, onDone }: { preset: Preset | null; copy: boolean; onDone: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(preset, copy));
  const change: Change = (part) => setDraft((now) => ({ ...now, ...part }));
  const fresh = preset === null || copy;
  return (
    <EditForm
      fields={FIELDS}
      action={fresh ? "Keep it" : "Save"}
      save={() => (fresh ? api.createPreset(bodyOf(draft)) : api.changePreset(preset.id, bodyOf(draft)))}
      changes={[["presets"]]}
      onDone={onDone}
    >
      {(wrong) => (
        <>
          <NameField value={draft.name} onChange={(name) => change({ name })} error={wrong("name")} />
          <div className="grid gap-3 sm:grid-cols-2">
            <div className="grid content-start gap-1.5">
              <span className="min-h-6 text-[0.8125rem] leading-6 font-medium">For</span>
              <Segmented
                label="For"
                value={draft.kind}
                onChange={(kind) => change({ kind })}
                choices={[
                  { value: "image", label: "Images" },
                  { value: "video", label: "Videos" },
                ]}
              />
            </div>
            <Field label="Category" error={wrong("category")}>
              {(control) => (
                <Input
                  {...control}
                  required
                  maxLength={40}
                  value={draft.category}
                  onChange={(event) => change({ category: event.target.value })}
                />
              )}
            </Field>
          </div>
          <WordFields draft={draft} onChange={change} wrong={wrong} />
          <SettingFields draft={draft} onChange={change} />
          <Field label="Description" error={wrong("description")}>
            {(control) => (
              <Input
                {...control}
                maxLength={500}
                placeholder="What it is good for"
                value={draft.description}
                onChange={(event) => change({ description: event.target.value })}
              />
            )}
          </Field>
        </>
      )}
    </EditForm>
  );
}

/** What the form is for: a new preset, a change, or a copy. */
export interface Editing {
  preset: Preset | null;
  copy: boolean;
}

interface PresetFormProps {
  /** Null = closed. */
  editing: Editing | null;
  onClose: () => void;
}

/** A preset, made or changed. */
export function PresetForm({ editing, onClose }: PresetFormProps) {
  const preset = editing?.preset ?? null;
  const title = preset === null ? "New preset" : `${editing?.copy ? "Copy of" : "Edit"} ${preset.name}`;
  return (
    <Dialog open={editing !== null} onOpenChange={(open) => !open && onClose()} title={title} side="right">
      {editing !== null && (
        <Form key={`${preset?.id} ${editing.copy}`} preset={preset} copy={editing.copy} onDone={onClose} />
      )}
    </Dialog>
  );
}
