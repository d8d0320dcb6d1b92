import { Progress as Radix } from "radix-ui";
import { cn } from "@/lib/cn";

interface ProgressProps {
  label: string;
  /** Part done, 0 to 1; null while it cannot be told. */
  value: number | null;
  className?: string;
}

export function Progress({ label, value, className }: ProgressProps) {
  const percent = value === null ? null : Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <Radix.Root
      aria-label={label}
      value={percent}
      className={cn("relative h-1.5 w-full overflow-hidden rounded-full bg-border", className)}
    >
      {percent === null ? (
        <Radix.Indicator className="absolute h-full w-1/3 animate-sweep rounded-full bg-accent" />
      ) : (
        <Radix.Indicator
          className="h-full rounded-full bg-accent transition-[width] duration-300 ease-out"
          style={{ width: `${percent}%` }}
        />
      )}
    </Radix.Root>
  );
}
