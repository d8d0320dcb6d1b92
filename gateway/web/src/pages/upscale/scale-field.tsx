import { useQuery } from "@tanstack/react-query";
import { assetQuery } from "@/api/queries";
import { Segmented } from "@/components/segmented/segmented";
import type { StudioForm } from "@/studio/use-form";

/** How many times as large, and what that comes to. */
export function ScaleField({ form }: { form: StudioForm }) {
  const { minimum, maximum } = form.mode.fields.scale ?? {};
  const [least, most] = [minimum ?? 2, maximum ?? 4];
  const scales = Array.from({ length: most - least + 1 }, (_, index) => String(least + index));
  const scale = form.number("scale");
  const id = form.text("image") || form.text("video");
  const source = useQuery({ ...assetQuery(id), enabled: id !== "" }).data;
  const error = form.errors.scale;
  return (
    <div className="grid gap-1.5">
      <p className="text-[0.8125rem] font-medium">Scale</p>
      <Segmented
        label="Scale"
        value={String(scale)}
        choices={scales.map((value) => ({ value, label: `×${value}` }))}
        onChange={(value) => form.change({ scale: Number(value) })}
      />
      {error !== undefined && <p className="text-xs text-danger">{error}</p>}
      {error === undefined && source !== undefined && source.width > 0 && (
        <p className="text-xs text-muted tabular-nums">
          {source.width} × {source.height} becomes {source.width * scale} × {source.height * scale}
        </p>
      )}
    </div>
  );
}
