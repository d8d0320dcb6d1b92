import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useCallback, useMemo, useState } from "react";
import { assetQuery } from "@/api/queries";
import type { Asset } from "@/api/types";
import { useProtectedUrl } from "@/components/asset-media/use-protected-url";
import { Skeleton } from "@/components/skeleton/skeleton";
import { cn } from "@/lib/cn";
import type { StudioForm } from "../use-form";
import { useBrush } from "./brush";
import { maskSize } from "./layers";
import { MaskTools } from "./mask-tools";
import type { Tool } from "./strokes";
import { useMask } from "./use-mask";

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8] as const;
/** The brush's diameter in parts of the picture's shorter side. */
const BRUSH = { least: 0.01, most: 0.6, first: 0.12, step: 1.25 };

/** Paint over a picture what should be made anew: brush and eraser, undo, zoom, and all of it by keyboard. */
export function MaskEditor({ form }: { form: StudioForm }) {
  const image = useQuery({ ...assetQuery(form.text("image")), enabled: form.text("image") !== "" });
  if (form.text("image") === "") return null;
  if (image.data === undefined) return <Skeleton className="m-5 h-80 rounded-2xl" />;
  return <Editor key={image.data.id} form={form} image={image.data} />;
}

/** Where the pixels of a mask are that this editor did not paint: in the value itself, or in the asset it names. */
function useMaskSource(value: string): string | null {
  const given = value === "" || value.startsWith("data:");
  const asset = useQuery({ ...assetQuery(value), enabled: !given });
  const url = useProtectedUrl(given ? value : (asset.data?.content_url ?? ""));
  return given ? value || null : url || null;
}

function Editor({ form, image }: { form: StudioForm; image: Asset }) {
  const { change } = form;
  const size = useMemo(() => maskSize(image.width, image.height), [image]);
  const value = form.text("mask");
  const url = useProtectedUrl(image.content_url);
  const onMask = useCallback((mask: string) => change({ mask }), [change]);
  const mask = useMask(value, useMaskSource(value), size, onMask);
  const [tool, setTool] = useState<Tool>("brush");
  const [part, setPart] = useState(BRUSH.first);
  const [zoom, setZoom] = useState(0);
  const diameter = part * Math.min(size.width, size.height);
  const brush = useBrush(mask, tool, diameter);

  const resize = (factor: number) => setPart((now) => Math.min(BRUSH.most, Math.max(BRUSH.least, now * factor)));
  const zoomBy = (steps: number) => setZoom((now) => Math.min(ZOOMS.length - 1, Math.max(0, now + steps)));
  const shortcuts: Record<string, () => void> = {
    b: () => setTool("brush"),
    e: () => setTool("eraser"),
    i: () => mask.apply("invert"),
    "[": () => resize(1 / BRUSH.step),
    "]": () => resize(BRUSH.step),
    "+": () => zoomBy(1),
    "-": () => zoomBy(-1),
    "0": () => setZoom(0),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const key = event.key.toLowerCase();
    const command = event.ctrlKey || event.metaKey;
    const run = command
      ? { z: event.shiftKey ? mask.redo : mask.undo, y: mask.redo }[key]
      : event.altKey
        ? undefined
        : shortcuts[key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  };
  const invalid = form.errors.mask !== undefined;
  const scale = ZOOMS[zoom] ?? 1;
  return (
    // The keys of the editor work wherever in it the keyboard is.
    <section aria-label="Mask" className="grid grid-cols-1 gap-3 border-b p-4 md:p-5" onKeyDown={onKeyDown}>
      <MaskTools
        mask={mask}
        tool={tool}
        onTool={setTool}
        part={part}
        limits={BRUSH}
        onPart={setPart}
        zoom={scale}
        onZoom={zoomBy}
        furthest={zoom === ZOOMS.length - 1}
      />
      <div className="max-h-[60dvh] overflow-auto rounded-xl bg-sunken">
        <div
          className={cn("relative mx-auto", tool === "eraser" ? "cursor-cell" : "cursor-crosshair")}
          style={{ width: `min(${scale * 100}%, ${scale * 60 * (image.width / image.height)}dvh)` }}
        >
          {url ? (
            <img src={url} alt="" draggable={false} className="block w-full select-none" />
          ) : (
            <Skeleton className="w-full" />
          )}
          <canvas
            ref={mask.canvas}
            role="application"
            aria-label="Mask. Arrow keys move the brush, Space lowers and lifts it."
            data-invalid={invalid || undefined}
            tabIndex={0}
            width={size.width}
            height={size.height}
            className={cn("absolute inset-0 size-full touch-none opacity-60", invalid && "outline-2 outline-danger")}
            {...brush.handlers}
          />
          {brush.at && (
            <span
              aria-hidden="true"
              className="pointer-events-none absolute -translate-1/2 rounded-full border-2 border-white mix-blend-difference"
              style={{
                left: `${(brush.at.x / size.width) * 100}%`,
                top: `${(brush.at.y / size.height) * 100}%`,
                width: `${(diameter / size.width) * 100}%`,
                aspectRatio: 1,
              }}
            />
          )}
        </div>
      </div>
      <p className={cn("text-xs text-muted", invalid && "text-danger")} role={invalid ? "alert" : undefined}>
        {form.errors.mask ??
          "Paint over what should be made anew. B brush, E eraser, [ ] size, I invert, + − zoom, Ctrl Z undo."}
      </p>
      <p className="sr-only" aria-live="polite">
        {brush.down ? "Brush down" : ""}
      </p>
    </section>
  );
}
