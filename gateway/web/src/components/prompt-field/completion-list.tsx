import { History } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Completion } from "@/api/types";
import { cn } from "@/lib/cn";

interface CompletionListProps {
  id: string;
  items: readonly Completion[];
  /** The marked one; -1 = none. */
  active: number;
  onChoose: (item: Completion) => void;
}

export const optionId = (id: string, index: number) => `${id}-${index}`;

/** What the typed phrase may become. The keyboard stays in the text, which says which one is marked. */
export function CompletionList({ id, items, active, onChoose }: CompletionListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div
      ref={list}
      id={id}
      role="listbox"
      aria-label="Suggestions"
      className="absolute inset-x-0 top-full z-30 mt-1 max-h-64 animate-enter overflow-y-auto rounded-xl border bg-surface p-1 shadow-float"
    >
      {items.map((item, index) => (
        <div
          key={item.text}
          id={optionId(id, index)}
          role="option"
          // Focus never comes here: it stays in the text.
          tabIndex={-1}
          aria-selected={index === active}
          // Before the text loses the keyboard, which would close the list.
          onPointerDown={(event) => {
            event.preventDefault();
            onChoose(item);
          }}
          className={cn(
            "flex cursor-pointer items-baseline gap-2 rounded-lg px-2.5 py-1.5 text-sm hover:bg-hover",
            index === active && "bg-hover",
          )}
        >
          <span className="shrink-0 font-medium">{item.text}</span>
          {item.source === "yours" && <History aria-hidden="true" className="size-3 shrink-0 self-center text-muted" />}
          <span className="min-w-0 truncate text-xs text-muted">
            {item.source === "yours" ? `used ${item.uses === 1 ? "once" : `${item.uses} times`}` : item.description}
          </span>
        </div>
      ))}
    </div>
  );
}
