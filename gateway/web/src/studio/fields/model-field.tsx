import { LayoutGrid } from "lucide-react";
import { useState } from "react";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Select } from "@/components/select/select";
import { ModelPicker } from "@/registry/model-picker";
import { modelOf } from "../models";
import type { StudioForm } from "../use-form";

/** Which model; another one brings its native size with it, where the form says a size. */
export function ModelField({ form }: { form: StudioForm }) {
  const { options } = form;
  const [picking, setPicking] = useState(false);
  const choose = (model: string) => {
    const native = modelOf(options, model)?.native_size;
    const sized = !Number.isNaN(form.number("width"));
    form.change({ model, ...(native && sized ? { width: native, height: native } : {}) });
  };
  return (
    <Field
      label="Model"
      error={form.errors.model}
      action={
        <IconButton label="Choose a model by its picture" className="size-6" onClick={() => setPicking(true)}>
          <LayoutGrid />
        </IconButton>
      }
    >
      {(control) => (
        <>
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
          <ModelPicker
            open={picking}
            onOpenChange={setPicking}
            kind="base"
            chosen={form.text("model")}
            onPick={(model) => choose(model.name)}
          />
        </>
      )}
    </Field>
  );
}
