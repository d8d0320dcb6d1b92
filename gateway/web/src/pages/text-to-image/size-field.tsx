import { ArrowLeftRight } from "lucide-react";
import type { FieldLimit } from "@/api/types";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input } from "@/components/input/input";
import { cn } from "@/lib/cn";
import type { SizePreset } from "./settings";

interface SizeFieldProps {
  width: number;
  height: number;
  presets: readonly SizePreset[];
  limits: Record<string, FieldLimit>;
  errors: { width?: string | undefined; height?: string | undefined };
  onChange: (size: { width?: number; height?: number }) => void;
}

/** The outline of a size, drawn to scale. */
function Outline({ width, height }: { width: number; height: number }) {
  const longer = Math.max(width, height);
  return (
    <span aria-hidden="true" className="grid size-4 place-items-center">
      <span
        className="rounded-[2px] border border-current"
        style={{ width: `${(width / longer) * 100}%`, height: `${(height / longer) * 100}%` }}
      />
    </span>
  );
}

export function SizeField({ width, height, presets, limits, errors, onChange }: SizeFieldProps) {
  const box = (name: "width" | "height", label: string, value: number) => (
    <Field label={label} error={errors[name]} className="grow">
      {(control) => (
        <Input
          {...control}
          type="number"
          inputMode="numeric"
          className="tabular-nums"
          value={Number.isNaN(value) ? "" : value}
          min={limits[name]?.minimum ?? undefined}
          max={limits[name]?.maximum ?? undefined}
          step={limits[name]?.multiple_of ?? undefined}
          onChange={(event) => onChange({ [name]: event.target.valueAsNumber })}
        />
      )}
    </Field>
  );
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">Size</legend>
      <div className="flex flex-wrap gap-1.5">
        {presets.map((preset) => {
          const chosen = preset.width === width && preset.height === height;
          return (
            <button
              key={`${preset.width}x${preset.height}`}
              type="button"
              aria-pressed={chosen}
              title={`${preset.width} × ${preset.height}`}
              onClick={() => onChange({ width: preset.width, height: preset.height })}
              className={cn(
                "flex h-8 items-center gap-1.5 rounded-lg border px-2 text-xs font-medium transition-colors",
                chosen ? "border-accent bg-accent-soft text-accent" : "text-muted hover:bg-hover hover:text-foreground",
              )}
            >
              <Outline width={preset.width} height={preset.height} />
              {preset.label}
            </button>
          );
        })}
      </div>
      <div className="flex items-start gap-2">
        {box("width", "Width", width)}
        <IconButton
          label="Swap width and height"
          className="mt-8"
          onClick={() => onChange({ width: height, height: width })}
        >
          <ArrowLeftRight />
        </IconButton>
        {box("height", "Height", height)}
      </div>
    </fieldset>
  );
}
