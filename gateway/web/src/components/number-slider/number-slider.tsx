import { Slider } from "radix-ui";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";

interface NumberSliderProps {
  label: string;
  value: number;
  onChange: (value: number) => void;
  min: number;
  max: number;
  step: number;
  hint?: string;
  error?: string | undefined;
  /** The slider's end, where the whole range would make it too coarse; the number box still takes all of it. */
  sliderMax?: number;
}

/** A number that can be dragged or typed. */
export function NumberSlider({
  label,
  value,
  onChange,
  min,
  max,
  step,
  hint,
  error,
  sliderMax = max,
}: NumberSliderProps) {
  return (
    <Field
      label={label}
      hint={hint}
      error={error}
      action={<span className="text-xs text-muted tabular-nums">{min < 0 ? `${min} to ${max}` : `${min}–${max}`}</span>}
    >
      {(control) => (
        <div className="flex items-center gap-3">
          <Slider.Root
            value={[Number.isNaN(value) ? min : Math.min(value, sliderMax)]}
            onValueChange={([next]) => next !== undefined && onChange(next)}
            min={min}
            max={sliderMax}
            step={step}
            className="relative flex h-5 min-w-0 grow touch-none items-center"
          >
            <Slider.Track className="relative h-1.5 grow overflow-hidden rounded-full bg-border">
              <Slider.Range className="absolute h-full bg-accent" />
            </Slider.Track>
            <Slider.Thumb
              aria-label={label}
              className="block size-4 rounded-full border-2 border-accent bg-surface shadow-card"
            />
          </Slider.Root>
          <Input
            {...control}
            type="number"
            inputMode="decimal"
            className="w-20 px-2 text-right tabular-nums"
            value={Number.isNaN(value) ? "" : value}
            min={min}
            max={max}
            step={step}
            onChange={(change) => onChange(change.target.valueAsNumber)}
          />
        </div>
      )}
    </Field>
  );
}
