import { Brush, CircleSlash2, Contrast, Eraser, PaintBucket, Redo2, Undo2, ZoomIn, ZoomOut } from "lucide-react";
import { Slider } from "radix-ui";
import { IconButton } from "@/components/icon-button/icon-button";
import { Segmented } from "@/components/segmented/segmented";
import type { Tool } from "./strokes";
import type { Mask } from "./use-mask";

interface MaskToolsProps {
  mask: Mask;
  tool: Tool;
  onTool: (tool: Tool) => void;
  /** The brush's diameter in parts of the picture. */
  part: number;
  limits: { least: number; most: number };
  onPart: (part: number) => void;
  zoom: number;
  onZoom: (steps: number) => void;
  furthest: boolean;
}

const TOOLS = [
  { value: "brush", label: <Brush aria-label="Brush" />, title: "Brush (B)" },
  { value: "eraser", label: <Eraser aria-label="Eraser" />, title: "Eraser (E)" },
] as const;

export function MaskTools({ mask, tool, onTool, part, limits, onPart, zoom, onZoom, furthest }: MaskToolsProps) {
  return (
    <div role="toolbar" aria-label="Mask tools" className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <Segmented label="Tool" value={tool} choices={TOOLS} onChange={onTool} />
      <div className="flex items-center gap-2 text-xs text-muted">
        <span aria-hidden="true">Size</span>
        <Slider.Root
          value={[part]}
          min={limits.least}
          max={limits.most}
          step={0.01}
          onValueChange={([next]) => next !== undefined && onPart(next)}
          className="relative flex h-5 w-28 touch-none items-center"
        >
          <Slider.Track className="relative h-1.5 grow overflow-hidden rounded-full bg-border">
            <Slider.Range className="absolute h-full bg-accent" />
          </Slider.Track>
          <Slider.Thumb
            aria-label="Brush size"
            className="block size-4 rounded-full border-2 border-accent bg-surface shadow-card"
          />
        </Slider.Root>
      </div>
      <div className="flex items-center">
        <IconButton label="Undo (Ctrl Z)" disabled={mask.history.done.length === 0} onClick={mask.undo}>
          <Undo2 />
        </IconButton>
        <IconButton label="Redo (Ctrl Shift Z)" disabled={mask.history.undone.length === 0} onClick={mask.redo}>
          <Redo2 />
        </IconButton>
        <IconButton label="Invert (I)" onClick={() => mask.apply("invert")}>
          <Contrast />
        </IconButton>
        <IconButton label="Mask everything" onClick={() => mask.apply("fill")}>
          <PaintBucket />
        </IconButton>
        <IconButton label="Clear" onClick={() => mask.apply("clear")}>
          <CircleSlash2 />
        </IconButton>
      </div>
      <div className="flex items-center text-xs text-muted tabular-nums">
        <IconButton label="Zoom out (−)" disabled={zoom === 1} onClick={() => onZoom(-1)}>
          <ZoomOut />
        </IconButton>
        <span aria-live="polite">{Math.round(zoom * 100)} %</span>
        <IconButton label="Zoom in (+)" disabled={furthest} onClick={() => onZoom(1)}>
          <ZoomIn />
        </IconButton>
      </div>
    </div>
  );
}
