import { useQuery } from "@tanstack/react-query";
import { assetQuery } from "@/api/queries";
import { useProtectedUrl } from "@/components/asset-media/use-protected-url";
import { Field } from "@/components/field/field";
import { NumberSlider } from "@/components/number-slider/number-slider";
import { Select } from "@/components/select/select";
import type { StudioForm } from "../use-form";
import { CameraPreview } from "./camera-preview";

/** What the camera does, and how that will look. */
export function CameraFields({ form }: { form: StudioForm }) {
  const fields = form.mode.fields.camera?.fields ?? {};
  const { move, intensity } = camera(form);
  const change = (part: { move?: string; intensity?: number }) =>
    form.change({ camera: { move, intensity, ...part } });
  const id = form.text("image");
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">Camera</legend>
      {id === "" ? <Preview form={form} picture={null} /> : <PreviewOf form={form} id={id} />}
      <Field label="Move">
        {(control) => (
          <Select
            {...control}
            value={move}
            onChange={(value) => change({ move: value })}
            choices={(fields.move?.choices ?? []).map(({ name, label }) => ({ value: name, label }))}
          />
        )}
      </Field>
      <NumberSlider
        label="How far"
        min={fields.intensity?.minimum ?? 0}
        max={fields.intensity?.maximum ?? 1}
        step={0.05}
        value={intensity}
        onChange={(value) => change({ intensity: value })}
        error={form.errors["camera.intensity"]}
      />
    </fieldset>
  );
}

function PreviewOf({ form, id }: { form: StudioForm; id: string }) {
  const asset = useQuery(assetQuery(id)).data;
  if (!asset) return <Preview form={form} picture={null} />;
  return <PreviewOver form={form} url={asset.thumbnail_url ?? asset.content_url} size={asset} />;
}

function PreviewOver({ form, url, size }: { form: StudioForm; url: string; size: { width: number; height: number } }) {
  return <Preview form={form} picture={useProtectedUrl(url) ?? null} own={size.width / size.height} />;
}

/** `own`: the shape of the picture it begins with. */
function Preview({ form, picture, own = 1 }: { form: StudioForm; picture: string | null; own?: number }) {
  const { move, intensity } = camera(form);
  const duration = form.number("duration_s");
  return (
    <CameraPreview
      move={move}
      intensity={Number.isNaN(intensity) ? 0 : intensity}
      aspect={aspectOf(form, own)}
      durationS={duration >= 1 ? duration : 5}
      picture={picture}
    />
  );
}

function camera(form: StudioForm): { move: string; intensity: number } {
  const fields = form.mode.fields.camera?.fields ?? {};
  const given = form.values.camera as { move?: unknown; intensity?: unknown } | undefined;
  const known = fields.move?.choices?.some(({ name }) => name === given?.move);
  return {
    move: known ? String(given?.move) : String(fields.move?.default ?? "static"),
    intensity: typeof given?.intensity === "number" ? given.intensity : Number(fields.intensity?.default ?? 0.5),
  };
}

/** The shape of the frames, as the service finds it. */
function aspectOf(form: StudioForm, own: number): number {
  const [width, height] = [form.number("width"), form.number("height")];
  if (width > 0 && height > 0) return width / height;
  const shape = form.options.shapes.find(({ name }) => name === form.text("aspect_ratio"));
  return shape ? shape.width / shape.height : own > 0 ? own : 1;
}
