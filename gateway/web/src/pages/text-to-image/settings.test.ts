import { describe, expect, it } from "vitest";
import type { GenerateOptions } from "@/api/types";
import { checkSettings, defaultSettings, modelOf, randomSeed, sizePresets, toRequest, withSettings } from "./settings";

const options: GenerateOptions = {
  available: true,
  models: [{ name: "starter", status: "loaded", native_size: 256, hash: "", source: "", device: "cpu", error: "" }],
  samplers: [
    { name: "dpmpp_2m", label: "DPM++ 2M" },
    { name: "euler", label: "Euler" },
  ],
  sizes: [
    { label: "Square", width: 256, height: 256 },
    { label: "Portrait 2:3", width: 208, height: 312 },
  ],
  formats: ["png", "webp"],
  limits: {
    prompt: { max_length: 20 },
    width: { minimum: 64, maximum: 4096, multiple_of: 8 },
    height: { minimum: 64, maximum: 4096, multiple_of: 8 },
    steps: { minimum: 1, maximum: 150, default: 20 },
    cfg_scale: { minimum: 0, maximum: 30, default: 7 },
    count: { minimum: 1, maximum: 16, default: 1 },
    seed: { minimum: -1, maximum: 4294967295, default: -1 },
    sampler: { default: "dpmpp_2m" },
    format: { default: "png" },
  },
};
const base = { ...defaultSettings(options), prompt: "a cat" };

describe("defaultSettings", () => {
  it("starts at the model's native size with the contract's defaults", () => {
    expect(defaultSettings(options)).toMatchObject({
      model: "starter",
      width: 256,
      height: 256,
      steps: 20,
      cfg_scale: 7,
    });
  });
});

describe("toRequest", () => {
  it("asks for a random seed unless one is locked", () => {
    expect(toRequest({ ...base, seed: 7 }).seed).toBe(-1);
    expect(toRequest({ ...base, seed: 7, seedLocked: true }).seed).toBe(7);
    expect(toRequest(base)).not.toHaveProperty("seedLocked");
  });
});

describe("withSettings", () => {
  it("restores what toRequest sent", () => {
    const settings = {
      ...base,
      seed: 42,
      seedLocked: true,
      sampler: "euler",
      width: 320,
      negative_prompt: "dog",
      count: 3,
    };
    const request = toRequest(settings);
    expect(withSettings(base, { ...request }, options)).toEqual(settings);
  });

  it("locks the seed a picture was made with, and unlocks for a random one", () => {
    expect(withSettings(base, { seed: 99 }, options)).toMatchObject({ seed: 99, seedLocked: true });
    expect(withSettings(base, { seed: -1 }, options)).toMatchObject({ seedLocked: false });
  });

  it("keeps what this server has where the other had something else", () => {
    const given = { model: "gone", sampler: "gone", format: "bmp", steps: "many", prompt: 3 };
    expect(withSettings(base, given, options)).toEqual(base);
  });
});

describe("checkSettings", () => {
  it("passes good settings", () => {
    expect(checkSettings(base, options.limits)).toEqual({});
  });

  it("names each bad field", () => {
    const bad = {
      ...base,
      prompt: " ",
      width: 70,
      height: 8000,
      steps: Number.NaN,
      count: 0,
      seed: -5,
      seedLocked: true,
    };
    expect(Object.keys(checkSettings(bad, options.limits)).sort()).toEqual(
      ["count", "height", "prompt", "seed", "steps", "width"].sort(),
    );
  });

  it("counts characters", () => {
    expect(checkSettings({ ...base, prompt: "x".repeat(21) }, options.limits).prompt).toContain("21");
  });
});

describe("sizePresets", () => {
  it("offers the server's sizes for its first model", () => {
    expect(sizePresets(options, modelOf(options, "starter"))).toEqual(options.sizes);
  });

  it("scales them to another model's native size, each once and within the limits", () => {
    const small = { ...options.models[0], name: "small", native_size: 32 } as GenerateOptions["models"][number];
    expect(sizePresets(options, small)).toEqual([{ label: "Square", width: 64, height: 64 }]);
    const large = { ...small, name: "large", native_size: 1024 };
    expect(sizePresets(options, large)[1]).toEqual({ label: "Portrait 2:3", width: 832, height: 1248 });
  });
});

describe("randomSeed", () => {
  it("stays within 32 bits", () => {
    expect(randomSeed(0)).toBe(0);
    expect(randomSeed(0.9999999999)).toBeLessThan(2 ** 32);
  });
});
