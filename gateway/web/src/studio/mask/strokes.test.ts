import { describe, expect, it } from "vitest";
import { add, redo, type Stroke, UNTOUCHED, undo } from "./strokes";

const stroke = (x: number): Stroke => ({ tool: "brush", size: 8, points: [{ x, y: 0 }] });

describe("the history of a mask", () => {
  const two = add(add(UNTOUCHED, stroke(1)), "invert");

  it("takes steps back and on again", () => {
    expect(undo(two).done).toEqual([stroke(1)]);
    expect(redo(undo(two))).toEqual(two);
    expect(undo(undo(two)).done).toEqual([]);
  });

  it("forgets what was undone once something else is painted", () => {
    expect(redo(add(undo(two), stroke(2))).done).toEqual([stroke(1), stroke(2)]);
  });

  it("stays as it is where there is nothing to undo or redo", () => {
    expect(undo(UNTOUCHED)).toEqual(UNTOUCHED);
    expect(redo(two)).toEqual(two);
  });
});
