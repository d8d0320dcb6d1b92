import { Chip, Outline } from "../chips";
import type { StudioForm } from "../use-form";
import { ChoiceField } from "./choice-field";
import { NumberField } from "./number-field";

/** The shape of the frames; `automatic` is what no choice means, where that is offered. Their size follows from it. */
export function ShapeField({ form, automatic }: { form: StudioForm; automatic?: string }) {
  const chosen = form.text("aspect_ratio");
  const choose = (name: string) => form.change({ aspect_ratio: name, width: Number.NaN, height: Number.NaN });
  const sized = form.number("width") > 0 && form.number("height") > 0;
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">Shape</legend>
      <div className="flex flex-wrap gap-1.5">
        {automatic !== undefined && (
          <Chip chosen={chosen === "" && !sized} onClick={() => choose("")}>
            {automatic}
          </Chip>
        )}
        {form.options.shapes.map(({ name, label, width, height }) => (
          <Chip
            key={name}
            chosen={chosen === name && !sized}
            title={automatic === undefined ? `${width} × ${height}` : label}
            onClick={() => choose(name)}
          >
            <Outline width={width} height={height} />
            {label}
          </Chip>
        ))}
      </div>
      {sized && (
        <p className="text-xs text-muted tabular-nums">
          {form.number("width")} × {form.number("height")}, as restored. Choose a shape to change it.
        </p>
      )}
    </fieldset>
  );
}

/** How long it plays, how smoothly, and how much changes in it. */
export function TimeFields({ form }: { form: StudioForm }) {
  return (
    <>
      <NumberField form={form} name="duration_s" label="Seconds" step={0.5} />
      <NumberField form={form} name="fps" label="Frames a second" sliderMax={30} />
    </>
  );
}

export function MotionField({ form }: { form: StudioForm }) {
  const still = form.number("motion_intensity") === 0;
  return (
    <NumberField
      form={form}
      name="motion_intensity"
      label="Motion"
      step={0.05}
      hint={
        still
          ? "With a model of pictures this is a camera move over a still: nothing in the picture itself changes."
          : "How much of the picture changes while it plays."
      }
    />
  );
}

export function ClipFormatField({ form }: { form: StudioForm }) {
  const notes: Record<string, string> = { mp4: "MP4, for everything", gif: "GIF, 256 colours", webp: "Animated WebP" };
  const formats = form.mode.fields.format?.choices ?? [];
  return (
    <ChoiceField
      form={form}
      name="format"
      label="Format"
      choices={formats.map(({ name }) => ({ name, label: notes[name] ?? name.toUpperCase() }))}
    />
  );
}
