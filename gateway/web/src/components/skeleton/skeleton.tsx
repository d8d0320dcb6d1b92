import { cn } from "@/lib/cn";

/** A grey stand-in with the shape of what is still loading. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" className={cn("animate-shimmer rounded-lg bg-hover", className)} />;
}
