import { describe, expect, it } from "vitest";
import type { Job } from "@/api/types";
import { befores, counterpart, difference, type Measurement, measurementOf, rate } from "./measurement";

const level = { concurrency: 4, requests: 4, failed: 1, first_token_p50_ms: 120, tokens_per_s: 80.5, estimated: true };
const job = (part: Partial<Job> = {}) =>
  ({
    id: "2",
    status: "completed",
    params: { endpoint_id: "e", tokens: 64 },
    result: { model: "gemma", levels: [level] },
    created_at: "2026-01-31T12:00:00Z",
    finished_at: "2026-01-31T12:01:00Z",
    ...part,
  }) as Job;
const read = (part: Partial<Job> = {}) => measurementOf(job(part)) as Measurement;

describe("measurementOf", () => {
  it("reads what a completed job measured", () => {
    expect(read()).toMatchObject({ id: "2", time: "2026-01-31T12:01:00Z", model: "gemma", tokens: 64 });
    expect(read().levels[0]).toMatchObject({ concurrency: 4, failed: 1, firstTokenMs: 120, tokensPerS: 80.5, estimated: true });
  });

  it("is none of a job that did not come to its end", () => {
    expect(measurementOf(job({ status: "running", result: null }))).toBeNull();
    expect(measurementOf(job({ status: "cancelled" }))).toBeNull();
  });
});

describe("counterpart", () => {
  it("is the same level of a measurement like it", () => {
    const [now, before] = [read(), read({ id: "1" })];
    const mine = now.levels[0];
    if (mine === undefined) throw new Error("no level");
    expect(befores([now, before]).get("2")).toBe(before);
    expect(befores([now, before]).get("1")).toBeUndefined();
    expect(counterpart(mine, now, before)?.tokensPerS).toBe(80.5);
    expect(counterpart(mine, now, read({ result: { model: "qwen", levels: [level] } }))).toBeUndefined();
    expect(counterpart(mine, now, read({ params: { tokens: 128 } }))).toBeUndefined();
    expect(counterpart({ ...mine, concurrency: 1 }, now, before)).toBeUndefined();
    expect(counterpart(mine, now, read({ result: { model: "gemma", levels: [{ concurrency: 4 }] } }))).toBeUndefined();
  });
});

describe("difference", () => {
  it("says in words which of the two is faster", () => {
    expect(difference(112, 100, "more")).toEqual({ words: "12 % faster", better: true });
    expect(difference(112, 100, "less")).toEqual({ words: "12 % slower", better: false });
    expect(difference(310, 100, "more")).toEqual({ words: "3.1 × as fast", better: true });
    expect(difference(5, 100, "less")).toEqual({ words: "20 × as fast", better: true });
    expect(difference(100.3, 100, "less")).toEqual({ words: "as before", better: null });
  });

  it("is none where there is nothing to compare", () => {
    expect(difference(0, 100, "more")).toBeNull();
    expect(difference(100, 0, "more")).toBeNull();
  });
});

describe("rate", () => {
  it("has the digits that mean something", () => {
    expect([1234.5, 45.12, 0.421].map(rate)).toEqual(["1,235", "45.1", "0.42"]);
  });
});
