import { describe, expect, it } from "vitest";
import type { UsageItem } from "@/api/types";
import { grouped, sum, withoutPrice } from "./group";

const item = (fields: Partial<UsageItem>): UsageItem => ({
  day: "2026-01-31",
  endpoint_id: "a",
  endpoint: "My Gemma",
  local: true,
  model: "gemma",
  requests: 1,
  failed: 0,
  cached: 0,
  estimated: 0,
  prompt_tokens: 100,
  completion_tokens: 20,
  cost: 0,
  first_token_ms: 50,
  latency_ms: 1000,
  ...fields,
});

describe("sum", () => {
  it("adds up, and weighs mean times by the answers that were asked for", () => {
    const all = [item({ requests: 4, cached: 1, latency_ms: 100 }), item({ latency_ms: 500, estimated: 1, failed: 1 })];
    expect(sum(all)).toMatchObject({ requests: 5, cached: 1, failed: 1, estimated: 1, prompt_tokens: 200 });
    expect(sum(all).latency_ms).toBe(200);
    expect(sum([item({ cached: 1, latency_ms: null })]).latency_ms).toBeNull();
  });

  it("tells a known cost from one known in part, and from none", () => {
    expect(sum([item({}), item({ cost: 0.5 })])).toMatchObject({ cost: 0.5, unpriced: false });
    expect(sum([item({ cost: null }), item({ cost: 0.5 })])).toMatchObject({ cost: 0.5, unpriced: true });
    expect(sum([item({ cost: null }), item({ cost: 0 })])).toMatchObject({ cost: null, unpriced: true });
    expect(sum([item({})])).toMatchObject({ cost: 0, unpriced: false });
  });
});

describe("grouped", () => {
  const items = [
    item({ day: "2026-01-31", endpoint: "Renamed" }),
    item({ day: "2026-01-30", endpoint: "Before", prompt_tokens: 5 }),
    item({ day: "2026-01-30", endpoint_id: "b", endpoint: "Cloud", local: false, prompt_tokens: 9000 }),
  ];

  it("keeps models of one name at two endpoints apart, the one that used most first", () => {
    expect(grouped(items, "model").map(({ label, note, requests }) => [label, note, requests])).toEqual([
      ["gemma", "Cloud", 1],
      ["gemma", "Renamed", 2],
    ]);
  });

  it("calls an endpoint what it was called last", () => {
    expect(grouped(items, "endpoint").map(({ label }) => label)).toEqual(["Cloud", "Renamed"]);
  });

  it("puts the latest day first", () => {
    expect(grouped(items, "day").map(({ key, requests }) => [key, requests])).toEqual([
      ["2026-01-31", 1],
      ["2026-01-30", 2],
    ]);
  });
});

describe("withoutPrice", () => {
  it("names each model once", () => {
    expect(withoutPrice([item({}), item({ model: "b", cost: null }), item({ model: "b", cost: null })])).toEqual(["b"]);
  });
});
