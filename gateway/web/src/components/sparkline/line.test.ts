import { describe, expect, it } from "vitest";
import { line } from "./line";

describe("line", () => {
  it("goes from edge to edge, the lowest value at the bottom", () => {
    expect(line([10, 20], 96, 24)).toEqual({ paths: ["M2 22L94 2"], gaps: [] });
  });

  it("lies in the middle where nothing changes", () => {
    expect(line([5, 5, 5], 44, 24).paths).toEqual(["M2 12L22 12L42 12"]);
  });

  it("breaks where values are missing and says where", () => {
    expect(line([1, null, 3], 44, 24)).toEqual({ paths: ["M2 22h0", "M42 2h0"], gaps: [22] });
  });

  it("is empty without values", () => {
    expect(line([], 96, 24)).toEqual({ paths: [], gaps: [] });
    expect(line([null], 96, 24)).toEqual({ paths: [], gaps: [2] });
  });
});
