import { describe, expect, it } from "vitest";
import type { Endpoint } from "@/api/types";
import { latency, order, ownModel, standing, troubles } from "./standing";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const health = {
  status: "healthy",
  latency_ms: 145,
  checked_at: null,
  code: "",
  detail: "",
  cooling_until: null,
  cooling_reason: "",
} as Endpoint["health"];
const endpoint = (part: Partial<Endpoint>, seen: Partial<Endpoint["health"]> = {}) =>
  ({ id: "1", model: "", models: [], enabled: true, active: false, ...part, health: { ...health, ...seen } }) as Endpoint;

describe("standing", () => {
  it("is the health, unless the endpoint is switched off", () => {
    expect(standing(endpoint({}))).toBe("healthy");
    expect(standing(endpoint({ enabled: false }))).toBe("off");
  });
});

describe("latency", () => {
  it("is told in the unit that fits", () => {
    expect([145.4, 0.2, 1234].map(latency)).toEqual(["145 ms", "1 ms", "1.2 s"]);
  });

  it("is empty where nothing was measured", () => {
    expect([null, 0, Number.NaN].map(latency)).toEqual(["", "", ""]);
  });
});

describe("ownModel", () => {
  it("is the chosen one, else the first that is listed", () => {
    const models = [{ id: "a", context_length: 0 }];
    expect(ownModel({ model: "b", models })).toBe("b");
    expect(ownModel({ model: "", models })).toBe("a");
    expect(ownModel({ model: "", models: [] })).toBe("");
  });
});

describe("troubles", () => {
  it("are none while all is well", () => {
    expect(troubles(endpoint({}), NOW)).toEqual([]);
    expect(troubles(endpoint({ enabled: false }), NOW)).toEqual([]);
  });

  it("tell what is wrong in a sentence", () => {
    expect(troubles(endpoint({}, { status: "degraded", detail: "it has no models" }), NOW)).toEqual([
      "It has no models.",
    ]);
    expect(troubles(endpoint({}, { status: "offline", code: "unreachable", detail: "errno 111" }), NOW)).toEqual([
      "Nothing answers at its address. Start it, or correct the address.",
    ]);
    expect(troubles(endpoint({ active: true, enabled: false }), NOW)).toHaveLength(1);
  });

  it("tell how long it is passed over, as long as it is", () => {
    const cooling = { cooling_until: "2026-11-22T12:00:20Z", cooling_reason: "quota exceeded" };
    expect(troubles(endpoint({}, cooling), NOW)).toEqual([
      "Requests pass it over for 20 s more: quota exceeded.",
    ]);
    expect(troubles(endpoint({}, cooling), NOW + 21_000)).toEqual([]);
  });
});

describe("order", () => {
  it("begins with the active endpoint and passes over those that are gone", () => {
    const [one, two] = [endpoint({ id: "1" }), endpoint({ id: "2" })];
    expect(order("2", ["gone", "1", "2"], [one, two])).toEqual([two, one]);
  });
});
