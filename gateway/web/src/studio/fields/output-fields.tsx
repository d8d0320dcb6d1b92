import type { StudioForm } from "../use-form";
import { ChoiceField } from "./choice-field";
import { NumberField } from "./number-field";
import { SwitchField } from "./switch-field";

/** How many pictures, and as what files. */
export function OutputFields({ form }: { form: StudioForm }) {
  const formats = form.mode.fields.format?.choices ?? [];
  return (
    <>
      {form.mode.fields.count !== undefined && <NumberField form={form} name="count" label="Pictures" />}
      <ChoiceField
        form={form}
        name="format"
        label="Format"
        choices={formats.map(({ name }) => ({ name, label: name.toUpperCase() }))}
      />
      <SwitchField
        form={form}
        name="fresh"
        label="Make it anew"
        hint="Otherwise the very same settings give what was made of them before."
      />
    </>
  );
}
