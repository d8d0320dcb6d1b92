import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { Spinner } from "@/components/spinner/spinner";
import { cn } from "@/lib/cn";

export const buttonStyle = cva(
  "inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors select-none disabled:pointer-events-none disabled:opacity-50 aria-disabled:pointer-events-none aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        primary: "bg-accent text-accent-foreground hover:bg-accent-hover",
        secondary: "border bg-surface hover:bg-hover",
        ghost: "text-muted hover:bg-hover hover:text-foreground",
        danger: "border border-danger/40 text-danger hover:bg-danger-soft",
      },
      size: {
        sm: "h-8 px-2.5 text-[0.8125rem]",
        md: "h-9 px-3.5 text-sm",
        lg: "h-11 px-5 text-[0.9375rem]",
        icon: "size-9",
        "icon-sm": "size-8",
      },
    },
    defaultVariants: { look: "secondary", size: "md" },
  },
);

interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof buttonStyle> {
  /** Style the only child, a link for example, as the button. */
  asChild?: boolean;
  /** Shows a spinner and takes no clicks. */
  busy?: boolean;
}

export function Button({
  className,
  look,
  size,
  asChild,
  busy,
  disabled,
  children,
  type = "button",
  ...rest
}: ButtonProps) {
  if (asChild) {
    return (
      <Slot.Root className={cn(buttonStyle({ look, size }), className)} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  return (
    <button
      type={type}
      className={cn(buttonStyle({ look, size }), className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}
