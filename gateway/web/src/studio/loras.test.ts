import { describe, expect, it } from "vitest";
import { chosenLoras, nextLora } from "./loras";

describe("LoRAs of a form", () => {
  it("are read from whatever a draft holds", () => {
    expect(chosenLoras(undefined)).toEqual([]);
    expect(chosenLoras([{ model: "sepia" }, { model: "ink", weight: -0.5 }, null, 3, { weight: 1 }])).toEqual([
      { model: "sepia", weight: 1 },
      { model: "ink", weight: -0.5 },
    ]);
  });

  it("are offered one after another", () => {
    expect(nextLora(["sepia", "ink"], [])).toBe("sepia");
    expect(nextLora(["sepia", "ink"], [{ model: "sepia", weight: 1 }])).toBe("ink");
    expect(nextLora(["sepia"], [{ model: "sepia", weight: 1 }])).toBe("sepia");
    expect(nextLora([], [])).toBeUndefined();
  });
});
