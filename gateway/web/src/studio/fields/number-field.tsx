import { NumberSlider } from "@/components/number-slider/number-slider";
import type { StudioForm } from "../use-form";

interface NumberFieldProps {
  form: StudioForm;
  name: string;
  label: string;
  hint?: string;
  /** By how much the slider moves; by the contract's multiple or by one unless it is given. */
  step?: number;
  /** Where the slider ends, if the whole range would make it too coarse. */
  sliderMax?: number;
}

/** A number with the limits the contract gives it. */
export function NumberField({ form, name, step, sliderMax, ...rest }: NumberFieldProps) {
  const limit = form.mode.fields[name];
  const [min, max] = [limit?.minimum ?? 0, limit?.maximum ?? 100];
  return (
    <NumberSlider
      {...rest}
      min={min}
      max={max}
      step={step ?? limit?.multiple_of ?? 1}
      sliderMax={Math.min(sliderMax ?? max, max)}
      value={form.number(name)}
      onChange={(value) => form.change({ [name]: value })}
      error={form.errors[name]}
    />
  );
}
