import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { dollars, shortNumber, wholeNumber } from "@/lib/format";
import { shortDay } from "./range";
import type { Bar, ChartData, Measure } from "./series";

// The drawing's units are pixels upwards and bars sideways, where it is stretched.
const HEIGHT = 208;
const GAP = 1;
const LEAST = 2;

const EXACT: Record<Measure, (value: number) => string> = { tokens: wholeNumber, cost: dollars };
const ROUGH: Record<Measure, (value: number) => string> = { tokens: shortNumber, cost: dollars };

interface ChartProps {
  data: ChartData;
  measure: Measure;
}

/** A bar in words. */
function told({ series }: ChartData, bar: Bar, measure: Measure): string {
  const parts = series.flatMap(({ label }, index) => {
    const value = bar.values[index] ?? 0;
    return value > 0 ? [`${label} ${EXACT[measure](value)}`] : [];
  });
  const total = `${bar.label}: ${EXACT[measure](bar.total)}${measure === "tokens" ? " tokens" : ""}`;
  return parts.length === 0 ? total : `${total} (${parts.join(", ")})`;
}

function Stack({ data: { series, top }, bar, at }: { data: ChartData; bar: Bar; at: number }) {
  let foot = HEIGHT;
  return series.map(({ key, colour }, index) => {
    const value = bar.values[index] ?? 0;
    if (value <= 0) return null;
    const height = Math.max(LEAST, (value / top) * HEIGHT);
    foot -= height;
    return <rect key={key} x={at + 0.14} width={0.72} y={foot} height={Math.max(1, height - GAP)} fill={colour} />;
  });
}

/** The bars; one of them is always chosen, by pointer or arrow keys, and told in words above. */
function Plot({ data, measure }: ChartProps) {
  const { bars, top } = data;
  const latest = bars.findLastIndex((bar) => bar.total > 0);
  const [picked, setPicked] = useState<number | null>(null);
  const chosen = Math.min(picked ?? latest, bars.length - 1);
  const bar = bars[chosen];
  const words = bar === undefined ? "" : told(data, bar, measure);
  const onPointer = (event: PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPicked(Math.max(0, Math.min(bars.length - 1, Math.floor(((event.clientX - left) / width) * bars.length))));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: chosen - 1,
      ArrowRight: chosen + 1,
      Home: 0,
      End: bars.length - 1,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setPicked(Math.max(0, Math.min(bars.length - 1, next)));
  };
  return (
    <>
      <p className="min-h-10 text-pretty wrap-anywhere text-muted tabular-nums">{words}</p>
      <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2">
        <div
          aria-hidden="true"
          className="flex flex-col justify-between text-right text-xs leading-none text-muted tabular-nums"
        >
          {[top, top / 2, 0].map((value) => (
            <span key={value} className="-my-1.5">
              {ROUGH[measure](value)}
            </span>
          ))}
        </div>
        <div
          role="slider"
          tabIndex={0}
          aria-label={`Chosen ${data.unit}`}
          aria-orientation="horizontal"
          aria-valuemin={1}
          aria-valuemax={bars.length}
          aria-valuenow={chosen + 1}
          aria-valuetext={words}
          onPointerMove={onPointer}
          onPointerDown={onPointer}
          onKeyDown={onKeyDown}
          className="rounded-sm"
        >
          <svg
            aria-hidden="true"
            viewBox={`0 0 ${bars.length} ${HEIGHT}`}
            preserveAspectRatio="none"
            className="block w-full"
            style={{ height: HEIGHT }}
          >
            <rect x={chosen} y={0} width={1} height={HEIGHT} fill="var(--hover)" />
            {[0, HEIGHT / 2, HEIGHT - 1].map((y) => (
              <rect key={y} x={0} y={y} width={bars.length} height={1} fill="var(--border)" />
            ))}
            {bars.map((one, index) => (
              <Stack key={one.since} data={data} bar={one} at={index} />
            ))}
          </svg>
        </div>
        <div aria-hidden="true" className="col-start-2 flex justify-between pt-1.5 text-xs text-muted">
          {[...new Set([0, Math.floor((bars.length - 1) / 2), bars.length - 1])].map((index) => (
            <span key={index}>{shortDay(bars[index]?.since ?? "")}</span>
          ))}
        </div>
      </div>
    </>
  );
}

function Legend({ data: { series }, measure }: ChartProps) {
  return (
    <ul aria-label="Models in the chart" className="flex flex-wrap gap-x-5 gap-y-1.5">
      {series.map(({ key, label, colour, total }) => (
        <li key={key} className="flex max-w-full min-w-0 items-center gap-2 text-[0.8125rem]">
          <span aria-hidden="true" className="size-3 shrink-0 rounded-sm" style={{ background: colour }} />
          <span className="truncate">{label}</span>
          <span className="text-muted tabular-nums">{ROUGH[measure](total)}</span>
        </li>
      ))}
    </ul>
  );
}

const UNITS = { day: "Day", week: "Week", month: "Month" };

/** The chart's figures for who cannot, or would rather not, read bars. */
function FigureTable({ data: { series, bars, unit }, measure }: ChartProps) {
  return (
    <details className="text-[0.8125rem]">
      <summary className="w-fit cursor-pointer rounded text-muted hover:text-foreground">As a table</summary>
      {/* What scrolls must be within reach of the keyboard. */}
      <div
        role="region"
        aria-label="The chart as a table"
        tabIndex={0}
        className="mt-2 overflow-x-auto rounded-lg border"
      >
        <table className="w-full border-collapse">
          <thead>
            <tr>
              {[UNITS[unit], ...series.map(({ label }) => label), "Together"].map((heading, index) => (
                <th
                  key={index}
                  scope="col"
                  className="px-3 py-1.5 text-right font-medium whitespace-nowrap first:text-left"
                >
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bars
              .filter((bar) => bar.total > 0)
              .map((bar) => (
                <tr key={bar.since} className="border-t">
                  <th scope="row" className="px-3 py-1.5 text-left font-normal whitespace-nowrap">
                    {bar.label}
                  </th>
                  {[
                    ...bar.values.map((value, index) => [series[index]?.key ?? "", value] as const),
                    ["total", bar.total] as const,
                  ].map(([key, value]) => (
                    <td key={key} className="px-3 py-1.5 text-right whitespace-nowrap tabular-nums">
                      {EXACT[measure](value)}
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** Bars by day, week or month, stacked by model. */
export function UsageChart({ data, measure }: ChartProps) {
  if (data.series.length === 0) {
    return (
      <p className="py-12 text-center text-pretty text-muted">
        {measure === "cost"
          ? "Nothing in this time has a known cost above zero. Models on your own machine cost nothing unless you set a price."
          : "No tokens were counted in this time."}
      </p>
    );
  }
  return (
    <>
      <Legend data={data} measure={measure} />
      <Plot data={data} measure={measure} />
      <FigureTable data={data} measure={measure} />
    </>
  );
}
