import type { UsageItem } from "@/api/types";
import { grouped, modelKey, tokens } from "./group";
import { daysIn, type Range, spanOfDays } from "./range";

export type Measure = "tokens" | "cost";

/** A model in the chart, or all that have no colour of their own. */
export interface Series {
  key: string;
  label: string;
  total: number;
  colour: string;
}

/** A bar: a day, a week or a month, with one value per series. */
export interface Bar {
  label: string;
  since: string;
  values: number[];
  total: number;
}

export interface ChartData {
  series: Series[];
  bars: Bar[];
  unit: "day" | "week" | "month";
  /** Where the axis ends. */
  top: number;
}

const COLOURS = ["chart-1", "chart-2", "chart-3", "chart-4", "chart-5"].map((name) => `var(--${name})`);
const REST = "rest";
// More bars than these are too thin to see on a phone.
const MOST_BARS = 92;

function unitFor(days: number): ChartData["unit"] {
  if (days <= MOST_BARS) return "day";
  return days <= 7 * MOST_BARS ? "week" : "month";
}

/** The first day of the bar a day belongs to. */
export function barOf(day: string, unit: ChartData["unit"]): string {
  if (unit === "day") return day;
  if (unit === "month") return `${day.slice(0, 7)}-01`;
  const date = new Date(day);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString().slice(0, 10);
}

/** The least round number that is not below `value` and can be halved for the line in the middle. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 6, 8, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10;
  // Without the last digits of a sum of fractions, which nobody wants to read at an axis.
  return Number((step * power).toPrecision(1));
}

const VALUES: Record<Measure, (item: UsageItem) => number> = { tokens, cost: (item) => item.cost ?? 0 };

/** Bars of a range, each stacked by model: the largest models have colours, the rest share one. */
export function chartData(items: readonly UsageItem[], range: Range, measure: Measure): ChartData {
  const value = VALUES[measure];
  const ranked = grouped(items, "model")
    .map(({ key, label, note }) => ({
      key,
      label,
      note,
      total: items.filter((item) => modelKey(item) === key).reduce((total, item) => total + value(item), 0),
    }))
    .filter((model) => model.total > 0)
    .sort((one, other) => other.total - one.total);
  const named = ranked.slice(0, COLOURS.length);
  const rest = ranked.slice(COLOURS.length);
  const name = ({ label, note }: { label: string; note: string }) =>
    ranked.filter((model) => model.label === label).length > 1 ? `${label} (${note})` : label;
  const series: Series[] = named.map((model, index) => ({
    key: model.key,
    label: name(model),
    total: model.total,
    colour: COLOURS[index] ?? "",
  }));
  if (rest[0] !== undefined) {
    const total = rest.reduce((all, model) => all + model.total, 0);
    const label = rest.length === 1 ? name(rest[0]) : `${rest.length} more`;
    series.push({ key: REST, label, total, colour: "var(--chart-rest)" });
  }

  const days = daysIn(range);
  const unit = unitFor(days.length);
  const places = new Map(series.map(({ key }, index) => [key, index]));
  const bars = new Map<string, Bar & { until: string }>();
  for (const day of days) {
    const start = barOf(day, unit);
    const bar = bars.get(start) ?? { label: "", since: day, until: day, values: series.map(() => 0), total: 0 };
    bar.until = day;
    bars.set(start, bar);
  }
  for (const item of items) {
    const bar = bars.get(barOf(item.day, unit));
    const place = places.get(modelKey(item)) ?? places.get(REST);
    if (bar === undefined || place === undefined) continue;
    bar.values[place] = (bar.values[place] ?? 0) + value(item);
    bar.total += value(item);
  }
  const shown = [...bars.values()].map(({ until, ...bar }) => ({
    ...bar,
    label: spanOfDays({ since: bar.since, until }),
  }));
  const highest = Math.max(0, ...shown.map((bar) => bar.total));
  return { series, bars: shown, unit, top: Math.max(measure === "tokens" ? 2 : 0, roundUp(highest)) };
}
