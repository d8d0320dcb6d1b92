import { type ClassValue, clsx } from "clsx";
import { twMerge } from "tailwind-merge";

/** Join class names; of conflicting Tailwind classes the last wins. */
export function cn(...classes: ClassValue[]): string {
  return twMerge(clsx(classes));
}
