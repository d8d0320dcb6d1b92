import { describe, expect, it } from "vitest";
import { differences, settingName } from "./differences";

describe("differences", () => {
  it("names what two pictures do not share", () => {
    const before = { prompt: "a", seed: 1, sampler: "euler", sampler_label: "Euler", cfg_scale: 7 };
    const after = { prompt: "a", seed: 2, sampler: "ddim", sampler_label: "DDIM", cfg_scale: 7, strength: 0.5 };
    expect(differences(before, after)).toEqual([
      { name: "Seed", before: "1", after: "2" },
      { name: "Sampler", before: "Euler", after: "DDIM" },
      { name: "Strength", before: "–", after: "0.5" },
    ]);
  });

  it("speaks the field's words", () => {
    expect(settingName("cfg_scale")).toBe("CFG scale");
    expect(settingName("negative_prompt")).toBe("Negative prompt");
  });
});
