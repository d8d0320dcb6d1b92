import { Popover as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { focusLayer } from "@/components/dialog/focus";
import { ignoreToasts } from "@/components/dialog/outside";
import { cn } from "@/lib/cn";

interface PopoverProps {
  trigger: ReactNode;
  label: string;
  children: ReactNode;
  align?: "start" | "center" | "end";
  className?: string;
}

/** Around a link or button in a popover: following it closes the popover. */
export function PopoverClose({ children }: { children: ReactNode }) {
  return <Radix.Close asChild>{children}</Radix.Close>;
}

export function Popover({ trigger, label, children, align = "end", className }: PopoverProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          onOpenAutoFocus={focusLayer}
          onInteractOutside={ignoreToasts}
          aria-label={label}
          align={align}
          sideOffset={8}
          collisionPadding={8}
          className={cn(
            "z-50 max-h-(--radix-popover-content-available-height) w-80 max-w-[calc(100vw-1rem)] animate-enter overflow-y-auto rounded-xl border bg-surface p-4 shadow-float outline-none",
            className,
          )}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
