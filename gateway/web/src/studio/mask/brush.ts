import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { PAINT } from "./layers";
import { type Point, paint, type Tool } from "./strokes";
import type { Mask } from "./use-mask";

/** How far an arrow key moves the brush, in parts of the mask's width. */
const STRIDE = 0.02;

/** Painting with pointer or keys: arrows move the brush, Space lowers and lifts it. Sizes are in the mask's pixels. */
export function useBrush(mask: Mask, tool: Tool, size: number) {
  const [at, setAt] = useState<Point | null>(null);
  const [down, setDown] = useState(false);
  const points = useRef<Point[]>([]);

  const extend = (...more: Point[]) => {
    const last = points.current.at(-1);
    points.current.push(...more);
    const context = mask.canvas.current?.getContext("2d");
    // Seen at once; what is kept is the whole stroke.
    if (context) paint(context, { tool, size, points: last ? [last, ...more] : more }, PAINT);
  };
  const finish = () => {
    setDown(false);
    if (points.current.length > 0) mask.apply({ tool, size, points: points.current });
    points.current = [];
  };
  const place = (event: { clientX: number; clientY: number }): Point => {
    const canvas = mask.canvas.current;
    const box = canvas?.getBoundingClientRect();
    if (!canvas || !box) return { x: 0, y: 0 };
    return {
      x: ((event.clientX - box.left) / box.width) * canvas.width,
      y: ((event.clientY - box.top) / box.height) * canvas.height,
    };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const canvas = mask.canvas.current;
    if (canvas === null) return;
    const stride = canvas.width * STRIDE;
    const [dx, dy] =
      { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    const here = at ?? { x: canvas.width / 2, y: canvas.height / 2 };
    if (event.key === " ") {
      if (down) finish();
      else {
        setDown(true);
        setAt(here);
        extend(here);
      }
    } else if (dx !== undefined && dy !== undefined) {
      const next = {
        x: Math.min(canvas.width, Math.max(0, here.x + dx * stride)),
        y: Math.min(canvas.height, Math.max(0, here.y + dy * stride)),
      };
      setAt(next);
      if (down) extend(next);
    } else return;
    event.preventDefault();
  };
  return {
    at,
    down,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDown(true);
        extend(place(event));
      },
      onPointerMove: (event: PointerEvent) => {
        setAt(place(event));
        if (down) extend(...(event.nativeEvent.getCoalescedEvents?.() ?? [event]).map(place));
      },
      onPointerUp: finish,
      onPointerCancel: finish,
      onPointerLeave: () => !down && setAt(null),
      onKeyDown,
      onBlur: () => down && finish(),
    },
  };
}
