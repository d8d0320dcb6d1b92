import { ArrowLeftRight } from "lucide-react";
import type { ComponentProps } from "react";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input } from "@/components/input/input";
import { cn } from "@/lib/cn";
import { modelOf, sizePresets } from "../models";
import type { StudioForm } from "../use-form";

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

function Chip({ chosen, ...rest }: ComponentProps<"button"> & { chosen: boolean }) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      className={cn(
        "flex h-8 items-center gap-1.5 rounded-lg border px-2 text-xs font-medium transition-colors",
        chosen ? "border-accent bg-accent-soft text-accent" : "text-muted hover:bg-hover hover:text-foreground",
      )}
      {...rest}
    />
  );
}

/** Width and height of the result; `automatic` is what boxes left empty mean, where they may be. */
export function SizeField({ form, automatic }: { form: StudioForm; automatic?: string }) {
  const [width, height] = [form.number("width"), form.number("height")];
  const presets = sizePresets(form.options, modelOf(form.options, form.text("model")));
  const box = (name: "width" | "height", label: string) => {
    const limit = form.mode.fields[name];
    const value = form.number(name);
    return (
      <Field label={label} error={form.errors[name]} className="grow">
        {(control) => (
          <Input
            {...control}
            type="number"
            inputMode="numeric"
            className="tabular-nums"
            placeholder={automatic}
            value={Number.isNaN(value) ? "" : value}
            min={limit?.minimum ?? undefined}
            max={limit?.maximum ?? undefined}
            step={limit?.multiple_of ?? undefined}
            onChange={(event) => form.change({ [name]: event.target.valueAsNumber })}
          />
        )}
      </Field>
    );
  };
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">Size</legend>
      <div className="flex flex-wrap gap-1.5">
        {automatic !== undefined && (
          <Chip
            chosen={Number.isNaN(width) && Number.isNaN(height)}
            onClick={() => form.change({ width: Number.NaN, height: Number.NaN })}
          >
            {automatic}
          </Chip>
        )}
        {presets.map((preset) => (
          <Chip
            key={`${preset.width}x${preset.height}`}
            chosen={preset.width === width && preset.height === height}
            title={`${preset.width} × ${preset.height}`}
            onClick={() => form.change({ width: preset.width, height: preset.height })}
          >
            <Outline width={preset.width} height={preset.height} />
            {preset.label}
          </Chip>
        ))}
      </div>
      <div className="flex items-start gap-2">
        {box("width", "Width")}
        <IconButton
          label="Swap width and height"
          className="mt-8"
          onClick={() => form.change({ width: height, height: width })}
        >
          <ArrowLeftRight />
        </IconButton>
        {box("height", "Height")}
      </div>
    </fieldset>
  );
}
