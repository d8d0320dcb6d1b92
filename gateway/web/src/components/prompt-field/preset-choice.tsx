import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { presetsQuery } from "@/api/queries";
import type { Preset } from "@/api/types";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { Select } from "@/components/select/select";
import { negativeOf, type PresetKind, promptOf, settingWords } from "@/presets/preset";

const NONE = "none";

/** The chosen preset, by its id ("" = none), and what its own gaps are filled with. */
export interface ChosenPreset {
  id: string;
  variables: Readonly<Record<string, string>>;
}

interface PresetChoiceProps {
  kind: PresetKind;
  prompt: string;
  negative: string;
  chosen: ChosenPreset;
  /** `preset` is given where another one was chosen; null = none. */
  onChange: (chosen: ChosenPreset, preset?: Preset | null) => void;
  error?: string | undefined;
}

function Gaps({ preset, chosen, onChange }: Pick<PresetChoiceProps, "chosen" | "onChange"> & { preset: Preset }) {
  return (
    <div className="grid grid-cols-1 gap-3 sm:grid-cols-2">
      {preset.variables.map(({ name, default: words }) => (
        <Field key={name} label={name.replaceAll("_", " ")}>
          {(control) => (
            <Input
              {...control}
              maxLength={1000}
              placeholder={words ?? ""}
              required={words === null}
              value={chosen.variables[name] ?? ""}
              onChange={(event) => {
                const { [name]: _, ...others } = chosen.variables;
                const value = event.target.value;
                onChange({ ...chosen, variables: value === "" ? others : { ...others, [name]: value } });
              }}
            />
          )}
        </Field>
      ))}
    </div>
  );
}

/** What a preset makes of a prompt. */
export function PresetEffect({ preset, prompt, negative, variables }: EffectProps) {
  const id = useId();
  const more = negativeOf(preset, negative);
  return (
    <section aria-labelledby={id} className="grid gap-2 rounded-xl bg-sunken p-3 text-[0.8125rem]">
      <h3 id={id} className="text-xs text-muted">
        What is asked
      </h3>
      <p tabIndex={0} className="max-h-32 overflow-y-auto wrap-anywhere whitespace-pre-wrap">
        {promptOf(preset, prompt.trim() || "…", variables)}
      </p>
      {more !== "" && (
        <p className="text-xs wrap-anywhere text-muted">
          <span className="font-medium text-foreground">Not:</span> {more}
        </p>
      )}
    </section>
  );
}

interface EffectProps {
  preset: Pick<Preset, "template" | "negative_prompt">;
  prompt: string;
  negative: string;
  variables: Readonly<Record<string, string>>;
}

/** A style to ask with, and what it adds. */
export function PresetChoice({ kind, prompt, negative, chosen, onChange, error }: PresetChoiceProps) {
  const query = useQuery(presetsQuery);
  const presets = query.data ?? [];
  const preset = presets.find(({ id }) => id === chosen.id);
  const offered = presets.filter((one) => one.kind === kind || one.id === chosen.id);
  const gone = chosen.id !== "" && query.isSuccess && preset === undefined;
  const said = error ?? (gone ? "This preset is not there any more: choose another one, or none." : undefined);
  return (
    <>
      <Field
        label="Style preset"
        error={said}
        hint={preset && settingWords(preset.settings).join(" · ")}
        action={
          <Link to="/presets" className="text-xs text-accent underline-offset-4 hover:underline">
            All presets
          </Link>
        }
      >
        {(control) => (
          <Select
            {...control}
            value={chosen.id === "" ? NONE : chosen.id}
            onChange={(id) => {
              const next = presets.find((one) => one.id === id) ?? null;
              onChange({ id: next?.id ?? "", variables: {} }, next);
            }}
            placeholder={gone ? "A preset that is gone" : "Loading"}
            choices={[
              { value: NONE, label: "None" },
              ...offered.map((one) => ({ value: one.id, label: one.name, note: one.built_in ? one.category : "yours" })),
            ]}
          />
        )}
      </Field>
      {preset && preset.variables.length > 0 && <Gaps preset={preset} chosen={chosen} onChange={onChange} />}
      {preset && <PresetEffect preset={preset} prompt={prompt} negative={negative} variables={chosen.variables} />}
    </>
  );
}
