import { describe, expect, it } from "vitest";
import { options } from "./options.fixture";
import { defaultsOf, errorsOf, lockedSeed, randomSeed, requestOf, restored } from "./values";

const fields = options.limits;
const base = { ...defaultsOf(fields), prompt: "a cat" };
const missing = { prompt: "Say what it should show." };

describe("defaultsOf", () => {
  it("says what the contract says, and leaves empty what it leaves open", () => {
    expect(defaultsOf(fields)).toMatchObject({
      prompt: "",
      steps: 20,
      cfg_scale: 7,
      sampler: "dpmpp_2m",
      width: Number.NaN,
      fresh: false,
    });
  });
});

describe("requestOf", () => {
  it("leaves out what was left empty", () => {
    expect(requestOf(base, fields)).not.toHaveProperty("width");
    expect(requestOf({ ...base, width: 320 }, fields).width).toBe(320);
  });

  it("sends nothing that the mode does not know", () => {
    expect(requestOf({ ...base, mask: "x" }, fields)).not.toHaveProperty("mask");
  });
});

describe("restored", () => {
  it("restores what requestOf sent", () => {
    const values = { ...base, seed: 42, sampler: "euler", width: 320, negative_prompt: "dog", count: 3, fresh: true };
    expect(restored(base, requestOf(values, fields), fields)).toEqual(values);
  });

  it("keeps what this server has where the other had something else", () => {
    const given = { model: "gone", sampler: "gone", steps: "many", prompt: 3, width: 0, fresh: "yes" };
    expect(restored(base, given, fields)).toEqual(base);
  });
});

describe("lockedSeed", () => {
  it("is the seed that holds, unless one is drawn anew", () => {
    expect(lockedSeed(base)).toBeNull();
    expect(lockedSeed({ ...base, seed: 0 })).toBe(0);
  });
});

describe("errorsOf", () => {
  it("passes good values", () => {
    expect(errorsOf(base, fields, missing)).toEqual({});
  });

  it("names each bad field", () => {
    const bad = { ...base, prompt: " ", width: 70, height: 8000, steps: Number.NaN, count: 0, seed: -5 };
    expect(Object.keys(errorsOf(bad, fields, missing)).sort()).toEqual(
      ["count", "height", "prompt", "seed", "steps", "width"].sort(),
    );
    expect(errorsOf(bad, fields, missing).prompt).toBe(missing.prompt);
  });

  it("counts characters", () => {
    expect(errorsOf({ ...base, prompt: "x".repeat(21) }, fields, missing).prompt).toContain("21");
  });
});

describe("randomSeed", () => {
  it("stays within 32 bits", () => {
    expect(randomSeed(0)).toBe(0);
    expect(randomSeed(0.9999999999)).toBeLessThan(2 ** 32);
  });
});
