import { describe, expect, it } from "vitest";
import table from "../../../../../tests/camera_path.json";
import { cssTransform, viewAt } from "./path";

describe("viewAt", () => {
  it.each(table)("$move at $time is where the diffusion service has it", ({ move, intensity, aspect, time, view }) => {
    const found = viewAt(move, intensity, aspect, time);
    for (const name of ["x", "y", "zoom", "turn"] as const) expect(found[name]).toBeCloseTo(view[name], 9);
  });
});

describe("cssTransform", () => {
  it("moves the picture to the left in a pan to the left", () => {
    expect(cssTransform(viewAt("pan_left", 1, 1, 1))).toBe(`rotate(0rad) scale(1.5) translate(${-100 / 6}%, 0%)`);
  });
});
