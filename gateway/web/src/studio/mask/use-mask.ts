import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { exported, imported, PAINT } from "./layers";
import { add, type Edit, type History, paint, redo, UNTOUCHED, undo } from "./strokes";

export interface Mask {
  canvas: RefObject<HTMLCanvasElement | null>;
  history: History;
  apply: (edit: Edit) => void;
  undo: () => void;
  redo: () => void;
}

/**
 * A mask being painted on `canvas`. Its value is a `data:` URL, or empty while nothing is painted; one that comes from
 * elsewhere (`sourceUrl` is where its pixels are) is what the painting begins with.
 */
export function useMask(
  value: string,
  sourceUrl: string | null,
  size: { width: number; height: number },
  onChange: (value: string) => void,
): Mask {
  const canvas = useRef<HTMLCanvasElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const ours = useRef("");
  const [history, setHistory] = useState(UNTOUCHED);
  const { width, height } = size;

  const redraw = useCallback((edits: readonly Edit[]) => {
    const context = canvas.current?.getContext("2d", { willReadFrequently: true });
    if (!context) return;
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    if (base.current !== null) context.drawImage(base.current, 0, 0);
    for (const edit of edits) paint(context, edit, PAINT);
  }, []);

  useEffect(() => {
    if (value === ours.current) return;
    ours.current = value;
    base.current = null;
    setHistory(UNTOUCHED);
    redraw([]);
    if (value === "" || sourceUrl === null) return;
    let wanted = true;
    imported(sourceUrl, width, height)
      .then((layer) => {
        if (!wanted) return;
        base.current = layer;
        redraw([]);
      })
      // A mask that is gone leaves nothing painted.
      .catch(() => wanted && onChange(""));
    return () => {
      wanted = false;
    };
  }, [value, sourceUrl, width, height, onChange, redraw]);

  const settle = useCallback(
    (next: History) => {
      setHistory(next);
      redraw(next.done);
      if (canvas.current === null) return;
      ours.current = exported(canvas.current);
      onChange(ours.current);
    },
    [onChange, redraw],
  );
  return {
    canvas,
    history,
    apply: useCallback((edit) => settle(add(history, edit)), [history, settle]),
    undo: useCallback(() => settle(undo(history)), [history, settle]),
    redo: useCallback(() => settle(redo(history)), [history, settle]),
  };
}
