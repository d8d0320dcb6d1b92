/** Where the line goes for a key, in percent of the width; null for a key that does not move it. */
export function positionAfterKey(position: number, key: string, large: boolean): number | null {
  const step = large ? 10 : 1;
  const moved: Record<string, number> = {
    ArrowLeft: position - step,
    ArrowDown: position - step,
    ArrowRight: position + step,
    ArrowUp: position + step,
    PageDown: position - 10,
    PageUp: position + 10,
    Home: 0,
    End: 100,
  };
  const next = moved[key];
  return next === undefined ? null : within(next);
}

/** Where the line goes for a pointer at `x`, in percent of a frame that begins at `left`. */
export function positionAt(x: number, left: number, width: number): number {
  return width > 0 ? within(((x - left) / width) * 100) : 50;
}

const within = (position: number): number => Math.min(100, Math.max(0, position));
