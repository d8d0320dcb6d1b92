import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

export const inputStyle =
  "w-full min-w-0 rounded-lg border border-outline/60 bg-surface px-3 text-sm placeholder:text-muted hover:border-outline focus-visible:border-accent focus-visible:-outline-offset-1 disabled:opacity-50 aria-invalid:border-danger";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(inputStyle, "h-9", className)} {...rest} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(inputStyle, "field-sizing-content min-h-20 resize-none py-2", className)} {...rest} />;
}
