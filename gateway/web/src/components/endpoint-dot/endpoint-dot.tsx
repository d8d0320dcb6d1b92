import type { Standing } from "@/endpoints/standing";
import { cn } from "@/lib/cn";

const LOOKS: Record<Standing, string> = {
  healthy: "bg-success",
  degraded: "bg-warning",
  offline: "bg-danger",
  unknown: "border-2 border-outline",
  off: "border-2 border-outline",
};

/** How an endpoint stands at a glance; the words stand beside it or are read out in its place. */
export function EndpointDot({ standing, className }: { standing: Standing; className?: string }) {
  return <span aria-hidden="true" className={cn("size-2 shrink-0 rounded-full", LOOKS[standing], className)} />;
}
