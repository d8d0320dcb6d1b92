import { ToggleGroup } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  choices: readonly { value: T; label: ReactNode; title?: string }[];
  className?: string;
}

/** A few choices of which one holds, all in sight. */
export function Segmented<T extends string>({ label, value, onChange, choices, className }: SegmentedProps<T>) {
  return (
    <ToggleGroup.Root
      type="single"
      aria-label={label}
      value={value}
      // An empty value means that the pressed choice was pressed again; it stays.
      onValueChange={(next) => next !== "" && onChange(next as T)}
      className={cn("flex w-fit max-w-full scrollbar-none gap-1 overflow-x-auto rounded-xl bg-sunken p-1 dark:border", className)}
    >
      {choices.map((choice) => (
        <ToggleGroup.Item
          key={choice.value}
          value={choice.value}
          title={choice.title}
          className="flex h-7 shrink-0 items-center gap-1.5 rounded-lg px-2.5 text-[0.8125rem] font-medium text-muted transition-colors hover:text-foreground data-[state=on]:bg-surface data-[state=on]:text-foreground data-[state=on]:shadow-card dark:data-[state=on]:bg-hover [&_svg]:size-4"
        >
          {choice.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
