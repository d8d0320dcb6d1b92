/** What was painted on a mask, in its own pixels, and how it is undone. */
export type Tool = "brush" | "eraser";

export interface Point {
  x: number;
  y: number;
}

export interface Stroke {
  tool: Tool;
  /** Diameter. */
  size: number;
  points: readonly Point[];
}

/** A step that can be undone. */
export type Edit = Stroke | "fill" | "clear" | "invert";

export interface History {
  done: readonly Edit[];
  undone: readonly Edit[];
}

export const UNTOUCHED: History = { done: [], undone: [] };

export function add(history: History, edit: Edit): History {
  return { done: [...history.done, edit], undone: [] };
}

export function undo({ done, undone }: History): History {
  const last = done.at(-1);
  return last === undefined ? { done, undone } : { done: done.slice(0, -1), undone: [...undone, last] };
}

export function redo({ done, undone }: History): History {
  const next = undone.at(-1);
  return next === undefined ? { done, undone } : { done: [...done, next], undone: undone.slice(0, -1) };
}

type Context = CanvasRenderingContext2D;

/** Paint one step; what is masked is opaque. */
export function paint(context: Context, edit: Edit, colour: string): void {
  const { width, height } = context.canvas;
  context.save();
  context.fillStyle = context.strokeStyle = colour;
  if (edit === "clear") context.clearRect(0, 0, width, height);
  else if (edit === "fill") context.fillRect(0, 0, width, height);
  else if (edit === "invert") {
    // The part of each that the other does not cover.
    context.globalCompositeOperation = "xor";
    context.fillRect(0, 0, width, height);
  } else paintStroke(context, edit);
  context.restore();
}

function paintStroke(context: Context, { tool, size, points }: Stroke): void {
  const [first, ...rest] = points;
  if (first === undefined) return;
  context.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
  context.lineWidth = size;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(first.x, first.y);
  // A line of no length is drawn as its round ends: a dot.
  for (const { x, y } of rest.length > 0 ? rest : [first]) context.lineTo(x, y);
  context.stroke();
}
