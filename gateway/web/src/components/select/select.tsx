import { Check, ChevronDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { inputStyle } from "@/components/input/input";
import { cn } from "@/lib/cn";

export interface Choice {
  value: string;
  label: ReactNode;
  note?: ReactNode;
  disabled?: boolean;
}

interface SelectProps {
  value: string;
  onChange: (value: string) => void;
  choices: readonly Choice[];
  placeholder?: string;
  className?: string;
  id?: string;
  "aria-label"?: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: true | undefined;
}

export function Select({ value, onChange, choices, placeholder, className, ...control }: SelectProps) {
  return (
    // The native control beneath says "" when its value is changed before its options are there; nobody chose that.
    <Radix.Root
      value={value}
      onValueChange={(next) => {
        if (choices.some((choice) => choice.value === next)) onChange(next);
      }}
    >
      <Radix.Trigger
        className={cn(inputStyle, "flex h-9 items-center justify-between gap-2 text-left", className)}
        {...control}
      >
        <span className="truncate">
          <Radix.Value placeholder={placeholder} />
        </span>
        <ChevronDown aria-hidden="true" className="size-4 shrink-0 text-muted" />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-(--radix-select-content-available-height) max-w-[calc(100vw-1rem)] min-w-(--radix-select-trigger-width) animate-enter overflow-hidden rounded-xl border bg-surface p-1 shadow-float"
        >
          <Radix.Viewport>
            {choices.map((choice) => (
              <Radix.Item
                key={choice.value}
                value={choice.value}
                disabled={choice.disabled ?? false}
                className="relative flex cursor-pointer items-center gap-2 rounded-lg py-1.5 pr-3 pl-8 text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-hover"
              >
                <Radix.ItemIndicator className="absolute left-2">
                  <Check aria-hidden="true" className="size-4 text-accent" />
                </Radix.ItemIndicator>
                <span className="min-w-0 truncate">
                  <Radix.ItemText>{choice.label}</Radix.ItemText>
                </span>
                {choice.note && (
                  <span className="ml-auto max-w-1/2 shrink-0 truncate pl-3 text-xs text-muted">{choice.note}</span>
                )}
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
