import { X } from "lucide-react";
import { useId, useState } from "react";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input, Textarea } from "@/components/input/input";
import { Select } from "@/components/select/select";
import { Chip } from "../chips";
import type { StudioForm } from "../use-form";
import { type Axis, type AxisValue, axisFault, DIRECTIONS, linesOf, numbersOf, sortOf, valueLabel } from "./axes";
import { type AxisField, beginningOf } from "./fields";

interface AxisEditorProps {
  form: StudioForm;
  axis: Axis;
  place: number;
  fields: readonly (AxisField & { taken: boolean })[];
  onChange: (axis: Axis) => void;
  onRemove: () => void;
}

/** One axis: which setting, and through which values. */
export function AxisEditor({ form, axis, place, fields, onChange, onRemove }: AxisEditorProps) {
  const direction = DIRECTIONS[place] ?? `Axis ${place + 1}`;
  const said = form.problem?.fields.find(({ field }) => field.startsWith(`axes.${place}.`))?.message;
  const missing = fields.find(({ name }) => name === axis.field)?.missing;
  const error = missing === undefined ? (axisFault(axis) ?? said) : `It ${missing}.`;
  const take = (values: readonly AxisValue[]) => onChange({ ...axis, values });
  const sort = sortOf(axis.field);
  return (
    <div role="group" aria-label={direction} className="grid grid-cols-1 gap-2 rounded-xl border p-3">
      <div className="flex items-center gap-2">
        <span className="w-16 shrink-0 text-xs text-muted">{direction}</span>
        <Select
          aria-label={`What differs by ${direction.toLowerCase()}`}
          className="min-w-0 grow"
          value={axis.field}
          onChange={(field) => onChange({ field, values: beginningOf(field, form) })}
          choices={fields.map((one) => ({
            value: one.name,
            label: one.label,
            note: one.taken ? "taken" : one.missing,
            disabled: one.taken || one.missing !== undefined,
          }))}
        />
        <IconButton label={`Take out ${direction.toLowerCase()}`} onClick={onRemove}>
          <X />
        </IconButton>
      </div>
      {sort === "number" && <Numbers axis={axis} error={error} onChange={take} />}
      {sort === "text" && <Lines axis={axis} error={error} onChange={take} />}
      {sort === "choice" && <Choices form={form} axis={axis} error={error} onChange={take} />}
    </div>
  );
}

interface ValuesProps {
  axis: Axis;
  error: string | undefined;
  onChange: (values: readonly AxisValue[]) => void;
}

/** The text as it is written, for as long as it means the values there are; others that come from outside replace it. */
function useText(
  axis: Axis,
  separator: string,
  read: (text: string) => readonly AxisValue[],
): [string, (text: string) => void] {
  const [text, setText] = useState(() => axis.values.join(separator));
  const meant = JSON.stringify(read(text)) === JSON.stringify(axis.values);
  return [meant ? text : axis.values.join(separator), setText];
}

function Numbers({ axis, error, onChange }: ValuesProps) {
  const read = (text: string) => numbersOf(text) ?? [];
  const [text, setText] = useText(axis, ", ", read);
  const unread = numbersOf(text) === null;
  const spread = text.includes("-") && axis.values.length > 1;
  return (
    <Field
      label="Values"
      hint={spread ? axis.values.join(", ") : "10, 20, 30 or 10-30 (+10) or 10-30 [3]"}
      error={unread ? "Numbers with commas, or a range: 10-30 (+10)." : error}
    >
      {(control) => (
        <Input
          {...control}
          className="tabular-nums"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            onChange(read(event.target.value));
          }}
        />
      )}
    </Field>
  );
}

function Lines({ axis, error, onChange }: ValuesProps) {
  const [text, setText] = useText(axis, "\n", linesOf);
  const replaced = axis.field === "prompt_replace";
  return (
    <Field
      label={replaced ? "Words, one of them a line" : "One a line"}
      hint={
        replaced
          ? "The first ones stand in the prompt; each line takes their place in turn."
          : axis.field === "prompt"
            ? "They take the place of the prompt above."
            : undefined
      }
      error={error}
    >
      {(control) => (
        <Textarea
          {...control}
          className="max-h-60"
          placeholder={replaced ? "apple\npear\nplum" : ""}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            onChange(linesOf(event.target.value));
          }}
        />
      )}
    </Field>
  );
}

function Choices({ form, axis, error, onChange }: ValuesProps & { form: StudioForm }) {
  const note = useId();
  const { samplers, models } = form.options;
  const offered: string[] = (axis.field === "sampler" ? samplers : models).map(({ name }) => name);
  // One of another server stays in sight until it is taken out.
  const names = [...offered, ...axis.values.map(String).filter((name) => !offered.includes(name))];
  return (
    <div className="grid gap-1.5">
      <div
        role="group"
        aria-label="Values"
        aria-describedby={error === undefined ? undefined : note}
        data-invalid={error === undefined ? undefined : true}
        tabIndex={-1}
        className="flex flex-wrap gap-1.5"
      >
        {names.map((name) => {
          const chosen = axis.values.includes(name);
          return (
            <Chip
              key={name}
              chosen={chosen}
              onClick={() => onChange(chosen ? axis.values.filter((one) => one !== name) : [...axis.values, name])}
            >
              {valueLabel(axis.field, name, samplers)}
            </Chip>
          );
        })}
      </div>
      {error !== undefined && (
        <p id={note} className="text-xs text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
