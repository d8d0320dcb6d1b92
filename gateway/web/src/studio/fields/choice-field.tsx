import { Field } from "@/components/field/field";
import { Select } from "@/components/select/select";
import type { StudioForm } from "../use-form";

interface ChoiceFieldProps {
  form: StudioForm;
  name: string;
  label: string;
  hint?: string;
  /** The choices, where they are not the contract's alone. */
  choices?: readonly { name: string; label: string }[];
}

/** One of the words that a field may hold. */
export function ChoiceField({ form, name, label, hint, choices }: ChoiceFieldProps) {
  const offered = choices ?? form.mode.fields[name]?.choices ?? [];
  return (
    <Field label={label} hint={hint} error={form.errors[name]}>
      {(control) => (
        <Select
          {...control}
          value={form.text(name)}
          onChange={(value) => form.change({ [name]: value })}
          choices={offered.map((choice) => ({ value: choice.name, label: choice.label }))}
        />
      )}
    </Field>
  );
}
