import { cn } from "@/lib/cn";

// The drawing's units are pixels upwards and bars sideways, where it is stretched.
const HEIGHT = 112;
const LEAST = 2;

export interface Bar {
  label: string;
  value: number;
  /** The value in words; what is not known is told too. */
  words: string;
  /** Where a mark stands above the bar: a value that is seldom passed. */
  mark?: number;
}

interface LevelChartProps {
  title: string;
  note: string;
  bars: readonly Bar[];
  colour: string;
}

/** One value for several numbers of requests at once, each written above its bar. */
export function LevelChart({ title, note, bars, colour }: LevelChartProps) {
  const top = Math.max(...bars.flatMap(({ value, mark = 0 }) => [value, mark])) || 1;
  const up = (value: number) => Math.max(LEAST, (value / top) * HEIGHT);
  const label = `${title}: ${bars.map((bar) => `${bar.words} at ${bar.label}`).join(", ")}`;
  return (
    <figure className="grid min-w-0 grid-cols-1 content-start gap-3">
      <figcaption>
        <span className="font-medium">{title}</span> <span className="text-xs text-muted">{note}</span>
      </figcaption>
      <div role="img" aria-label={label}>
        <div
          aria-hidden="true"
          className="grid text-center text-[0.8125rem] font-medium tabular-nums"
          style={{ gridTemplateColumns: `repeat(${bars.length}, minmax(0, 1fr))` }}
        >
          {bars.map((bar) => (
            <span key={bar.label} className={cn("pb-1", bar.value <= 0 && "font-normal text-muted")}>
              {bar.words}
            </span>
          ))}
        </div>
        <svg
          aria-hidden="true"
          viewBox={`0 0 ${bars.length} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="block w-full"
          style={{ height: HEIGHT }}
        >
          {bars.map(({ label: key, value, mark }, index) => (
            <g key={key}>
              {value > 0 && (
                <rect x={index + 0.25} width={0.5} y={HEIGHT - up(value)} height={up(value)} fill={colour} />
              )}
              {mark !== undefined && mark > value && (
                <rect x={index + 0.35} width={0.3} y={HEIGHT - up(mark)} height={LEAST} fill="var(--outline)" />
              )}
            </g>
          ))}
          <rect x={0} y={HEIGHT - 1} width={bars.length} height={1} fill="var(--border)" />
        </svg>
        <div
          aria-hidden="true"
          className="grid pt-1.5 text-center text-xs text-muted tabular-nums"
          style={{ gridTemplateColumns: `repeat(${bars.length}, minmax(0, 1fr))` }}
        >
          {bars.map((bar) => (
            <span key={bar.label}>{bar.label}</span>
          ))}
        </div>
      </div>
    </figure>
  );
}
