import { Box, Expand, Film, Layers, Shapes, Type } from "lucide-react";
import type { RegisteredModel } from "@/api/types";
import { useProtectedUrl } from "@/components/asset-media/use-protected-url";
import { cn } from "@/lib/cn";
import type { ModelKind } from "./words";

const ICONS: Record<ModelKind, typeof Box> = {
  base: Box,
  lora: Layers,
  vae: Shapes,
  upscaler: Expand,
  motion_adapter: Film,
  text: Type,
  embedding: Shapes,
};

/** The picture that stands for a model, or a sign of its kind. */
export function ModelFace({ model, className }: { model: RegisteredModel; className?: string }) {
  if (model.preview_url !== null) return <Preview url={model.preview_url} className={className} />;
  const Icon = ICONS[model.kind ?? "base"];
  return (
    <div className={cn("grid place-items-center bg-accent-soft text-accent", className)}>
      <Icon aria-hidden="true" className="size-10 opacity-70" />
    </div>
  );
}

function Preview({ url, className }: { url: string; className?: string | undefined }) {
  const source = useProtectedUrl(url);
  if (!source) return <div className={cn("bg-sunken", className)} />;
  return <img src={source} alt="" loading="lazy" className={cn("object-cover", className)} />;
}
