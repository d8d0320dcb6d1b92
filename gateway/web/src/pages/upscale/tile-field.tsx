import { Field } from "@/components/field/field";
import { Select } from "@/components/select/select";
import type { StudioForm } from "@/studio/use-form";

const AUTOMATIC = "automatic";
const SIDES = [64, 128, 256, 512];

/** The side of the tiles: for machines with little memory, or with plenty. */
export function TileField({ form }: { form: StudioForm }) {
  const tile = form.number("tile");
  const sides = SIDES.includes(tile) || Number.isNaN(tile) ? SIDES : [...SIDES, tile].sort((a, b) => a - b);
  return (
    <Field label="Tiles" error={form.errors.tile} hint="Smaller ones need less memory; larger ones are a little quicker.">
      {(control) => (
        <Select
          {...control}
          value={Number.isNaN(tile) ? AUTOMATIC : String(tile)}
          onChange={(value) => form.change({ tile: value === AUTOMATIC ? Number.NaN : Number(value) })}
          choices={[
            { value: AUTOMATIC, label: "Automatic" },
            ...sides.map((side) => ({ value: String(side), label: `${side} × ${side} px` })),
          ]}
        />
      )}
    </Field>
  );
}
