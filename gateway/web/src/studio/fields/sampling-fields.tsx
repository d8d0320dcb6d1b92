import type { StudioForm } from "../use-form";
import { ChoiceField } from "./choice-field";
import { NumberField } from "./number-field";
import { SeedField } from "./seed-field";

interface SamplingFieldsProps {
  form: StudioForm;
  lastSeed: number | null;
}

/** How noise is taken away: steps, guidance, seed and sampler. */
export function SamplingFields({ form, lastSeed }: SamplingFieldsProps) {
  return (
    <>
      <NumberField form={form} name="steps" label="Steps" sliderMax={60} />
      <NumberField
        form={form}
        name="cfg_scale"
        label="CFG scale"
        step={0.5}
        sliderMax={20}
        hint="How closely to follow the prompt; 1 = freely."
      />
      <SeedField form={form} lastUsed={lastSeed} />
      <ChoiceField form={form} name="sampler" label="Sampler" choices={form.options.samplers} />
    </>
  );
}
