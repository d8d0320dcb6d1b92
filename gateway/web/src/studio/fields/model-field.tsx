import { Field } from "@/components/field/field";
import { Select } from "@/components/select/select";
import { modelOf } from "../models";
import type { StudioForm } from "../use-form";

/** Which model; another one brings its native size with it, where the form says a size. */
export function ModelField({ form }: { form: StudioForm }) {
  const { options } = form;
  const choose = (model: string) => {
    const native = modelOf(options, model)?.native_size;
    const sized = !Number.isNaN(form.number("width"));
    form.change({ model, ...(native && sized ? { width: native, height: native } : {}) });
  };
  return (
    <Field label="Model" error={form.errors.model}>
      {(control) => (
        <Select
          {...control}
          value={form.text("model")}
          onChange={choose}
          choices={options.models.map((model) => ({
            value: model.name,
            label: model.name,
            note: [model.native_size > 0 ? `${model.native_size} px` : "", model.status].filter(Boolean).join(" · "),
            disabled: model.status === "failed",
          }))}
        />
      )}
    </Field>
  );
}
