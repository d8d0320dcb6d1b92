import { describe, expect, it } from "vitest";
import { positionAfterKey, positionAt } from "./position";

describe("positionAfterKey", () => {
  it("moves a step with an arrow, ten with shift or a page key", () => {
    expect(positionAfterKey(50, "ArrowRight", false)).toBe(51);
    expect(positionAfterKey(50, "ArrowLeft", true)).toBe(40);
    expect(positionAfterKey(50, "PageUp", false)).toBe(60);
  });

  it("goes to the ends and not beyond", () => {
    expect(positionAfterKey(50, "Home", false)).toBe(0);
    expect(positionAfterKey(97, "PageUp", false)).toBe(100);
    expect(positionAfterKey(0, "ArrowDown", false)).toBe(0);
  });

  it("leaves other keys alone", () => {
    expect(positionAfterKey(50, "Tab", false)).toBeNull();
  });
});

describe("positionAt", () => {
  it("is the part of the frame left of the pointer", () => {
    expect(positionAt(150, 100, 200)).toBe(25);
    expect(positionAt(20, 100, 200)).toBe(0);
    expect(positionAt(900, 100, 200)).toBe(100);
  });
});
