import { MoveHorizontal } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { cn } from "@/lib/cn";
import { positionAfterKey, positionAt } from "./position";

interface CompareSliderProps {
  /** Shown left of the line. Both fill the frame: `size-full object-cover` for pictures and videos. */
  before: ReactNode;
  after: ReactNode;
  /** What the slider is called, e.g. "Before and after: a red apple". */
  label: string;
  beforeLabel?: string;
  afterLabel?: string;
  /** Proportions of the frame. */
  width: number;
  height: number;
  className?: string;
}

/** Two pictures on top of each other, and a line between them that is dragged, or moved with the arrow keys. */
export function CompareSlider({
  before,
  after,
  label,
  beforeLabel = "Before",
  afterLabel = "After",
  width,
  height,
  className,
}: CompareSliderProps) {
  const [position, setPosition] = useState(50);
  const frame = useRef<HTMLDivElement>(null);
  const handle = useRef<HTMLDivElement>(null);
  const follow = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    if (box !== undefined) setPosition(positionAt(event.clientX, box.left, box.width));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const next = positionAfterKey(position, event.key, event.shiftKey);
    if (next === null) return;
    // In a lightbox the arrow keys would go on to the next picture as well.
    event.preventDefault();
    event.stopPropagation();
    setPosition(next);
  };
  const percent = Math.round(position);
  return (
    // The slider inside is what keyboards and screen readers reach; the frame only makes all of it a place to drag.
    <div
      ref={frame}
      className={cn("relative w-full cursor-ew-resize touch-pan-y overflow-hidden select-none", className)}
      style={{ aspectRatio: `${width || 1} / ${height || 1}` }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        handle.current?.focus({ preventScroll: true });
        follow(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) follow(event);
      }}
    >
      <div className="absolute inset-0">{after}</div>
      <div className="absolute inset-0" style={{ clipPath: `inset(0 ${100 - position}% 0 0)` }}>
        {before}
      </div>
      <Tag className="left-2" hidden={position < 15}>
        {beforeLabel}
      </Tag>
      <Tag className="right-2" hidden={position > 85}>
        {afterLabel}
      </Tag>
      <div
        ref={handle}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${percent} % ${beforeLabel}, ${100 - percent} % ${afterLabel}`}
        onKeyDown={onKeyDown}
        className="group absolute inset-y-0 w-0.5 -translate-x-1/2 bg-white shadow-[0_0_0_1px_rgb(0_0_0/0.35)] outline-none"
        style={{ left: `${position}%` }}
      >
        <span className="absolute top-1/2 left-1/2 grid size-9 -translate-1/2 place-items-center rounded-full bg-white text-neutral-900 shadow-float group-focus-visible:outline-2 group-focus-visible:outline-offset-2 group-focus-visible:outline-accent">
          <MoveHorizontal aria-hidden="true" className="size-4" />
        </span>
      </div>
    </div>
  );
}

function Tag({ children, className, hidden }: { children: ReactNode; className: string; hidden: boolean }) {
  return (
    <span
      aria-hidden="true"
      className={cn(
        "pointer-events-none absolute bottom-2 rounded-md bg-black/70 px-2 py-0.5 text-xs text-white transition-opacity",
        hidden && "opacity-0",
        className,
      )}
    >
      {children}
    </span>
  );
}
