import type { GenerateOptions } from "@/api/types";
import { Field } from "@/components/field/field";
import { Select } from "@/components/select/select";
import { SwitchField } from "@/studio/fields/switch-field";
import type { StudioForm } from "@/studio/use-form";

type Upscaler = GenerateOptions["upscalers"][number];

const AUTOMATIC = "automatic";

/** The upscaler the server takes where none is named. */
function automatic(form: StudioForm): Upscaler | undefined {
  const { upscalers } = form.options;
  if (form.text("video") !== "") return upscalers[0];
  return upscalers.find(({ default_scales }) => default_scales.includes(form.number("scale"))) ?? upscalers[0];
}

/** Which upscaler; says what the chosen one is good at, and why it cannot be used if it cannot. */
export function UpscalerField({ form }: { form: StudioForm }) {
  const { upscalers } = form.options;
  const name = form.text("model");
  const chosen = name === "" ? automatic(form) : upscalers.find((upscaler) => upscaler.name === name);
  const missing = chosen?.status === "missing" ? "Its weights are not there yet; they are fetched once." : undefined;
  return (
    <Field label="Upscaler" hint={missing ?? chosen?.description} error={form.errors.model}>
      {(control) => (
        <Select
          {...control}
          value={name === "" ? AUTOMATIC : name}
          onChange={(value) => form.change({ model: value === AUTOMATIC ? "" : value })}
          choices={[
            { value: AUTOMATIC, label: "Automatic", note: automatic(form)?.name },
            ...upscalers.map((upscaler) => ({
              value: upscaler.name,
              label: upscaler.name,
              note: upscaler.status === "missing" ? "missing" : upscaler.scales.map((scale) => `×${scale}`).join(" "),
            })),
          ]}
        />
      )}
    </Field>
  );
}

/** Face restoration where there is any, and a word about it where there is none. */
export function FaceField({ form }: { form: StudioForm }) {
  if (form.options.face_restoration) return <SwitchField form={form} name="face_restore" label="Restore faces" />;
  return (
    <p className="text-xs text-muted">
      Faces are made larger like everything else: no weights for restoring them are there.
    </p>
  );
}
