import { describe, expect, it } from "vitest";
import type { UsageItem } from "@/api/types";
import { barOf, chartData, roundUp } from "./series";

const used = (day: string, model: string, tokens: number, cost: number | null = 0) =>
  ({
    day,
    model,
    endpoint_id: "a",
    endpoint: "E",
    local: true,
    prompt_tokens: tokens,
    completion_tokens: 0,
    cost,
  }) as UsageItem;
const range = { since: "2026-01-01", until: "2026-01-03" };

describe("chartData", () => {
  it("has a bar for every day, also for those without anything", () => {
    const { bars, unit } = chartData([used("2026-01-03", "m", 7), used("2026-01-01", "m", 3)], range, "tokens");
    expect(unit).toBe("day");
    expect(bars.map(({ since, total }) => [since, total])).toEqual([
      ["2026-01-01", 3],
      ["2026-01-02", 0],
      ["2026-01-03", 7],
    ]);
  });

  it("gives the largest models colours and puts the others together", () => {
    const models = ["a", "b", "c", "d", "e", "f", "g"].map((model, index) => used("2026-01-02", model, 100 - index));
    const { series, bars } = chartData(models, range, "tokens");
    expect(series.map(({ label }) => label)).toEqual(["a", "b", "c", "d", "e", "2 more"]);
    expect(new Set(series.map(({ colour }) => colour)).size).toBe(6);
    expect(bars[1]?.values).toEqual([100, 99, 98, 97, 96, 95 + 94]);
    expect(chartData(models.slice(0, 6), range, "tokens").series.at(-1)?.label).toBe("f");
  });

  it("shows costs that are known, and leaves out what was free", () => {
    const items = [
      used("2026-01-01", "free", 50),
      used("2026-01-01", "paid", 5, 0.25),
      used("2026-01-01", "new", 5, null),
    ];
    const { series, top } = chartData(items, range, "cost");
    expect(series.map(({ label, total }) => [label, total])).toEqual([["paid", 0.25]]);
    expect(top).toBeCloseTo(0.4);
  });

  it("takes weeks and months for long times", () => {
    const year = chartData([used("2026-03-04", "m", 1)], { since: "2026-01-01", until: "2026-12-31" }, "tokens");
    expect([year.unit, year.bars.length]).toEqual(["week", 53]);
    expect(year.bars.find(({ total }) => total > 0)?.since).toBe("2026-03-02");
    const decade = chartData([], { since: "2017-01-01", until: "2026-12-31" }, "tokens");
    expect([decade.unit, decade.bars.length]).toEqual(["month", 120]);
  });
});

describe("barOf", () => {
  it("begins weeks on Monday", () => {
    expect(["2026-01-04", "2026-01-05", "2026-01-11"].map((day) => barOf(day, "week"))).toEqual([
      "2025-12-29",
      "2026-01-05",
      "2026-01-05",
    ]);
  });
});

describe("roundUp", () => {
  it("is a round number that is not below", () => {
    expect([0, 1, 3, 41, 60_000, 0.0037, 0.3].map(roundUp)).toEqual([1, 1, 4, 60, 60_000, 0.004, 0.4]);
  });
});
