import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

/** The outline of a size, drawn to scale. */
export function Outline({ width, height }: { width: number; height: number }) {
  const longer = Math.max(width, height);
  return (
    <span aria-hidden="true" className="grid size-4 place-items-center">
      <span
        className="rounded-[2px] border border-current"
        style={{ width: `${(width / longer) * 100}%`, height: `${(height / longer) * 100}%` }}
      />
    </span>
  );
}

/** One of several choices in sight at once. */
export function Chip({ chosen, ...rest }: ComponentProps<"button"> & { chosen: boolean }) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      className={cn(
        "flex h-8 items-center gap-1.5 rounded-lg border px-2 text-xs font-medium transition-colors",
        chosen ? "border-accent bg-accent-soft text-accent" : "text-muted hover:bg-hover hover:text-foreground",
      )}
      {...rest}
    />
  );
}
