import { DropdownMenu as Radix } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";

export const Menu = Radix.Root;

export function MenuTrigger({ children }: { children: ReactNode }) {
  return <Radix.Trigger asChild>{children}</Radix.Trigger>;
}

interface MenuContentProps {
  children: ReactNode;
  align?: "start" | "end";
  className?: string;
}

export function MenuContent({ children, align = "end", className }: MenuContentProps) {
  return (
    <Radix.Portal>
      <Radix.Content
        align={align}
        sideOffset={6}
        collisionPadding={8}
        className={cn(
          "z-50 max-h-(--radix-dropdown-menu-content-available-height) max-w-[calc(100vw-1rem)] min-w-44 animate-enter overflow-y-auto rounded-xl border bg-surface p-1 shadow-float",
          className,
        )}
      >
        {children}
      </Radix.Content>
    </Radix.Portal>
  );
}

const item =
  "flex cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm outline-none select-none data-disabled:pointer-events-none data-disabled:opacity-50 data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:text-muted";

export function MenuItem({ className, ...rest }: ComponentProps<typeof Radix.Item>) {
  return <Radix.Item className={cn(item, className)} {...rest} />;
}

export function MenuRadio({ className, ...rest }: ComponentProps<typeof Radix.RadioItem>) {
  return <Radix.RadioItem className={cn(item, "data-[state=checked]:text-accent", className)} {...rest} />;
}

export const MenuRadioGroup = Radix.RadioGroup;

export function MenuSeparator() {
  return <Radix.Separator className="mx-2 my-1 h-px bg-border" />;
}
