import { describe, expect, it } from "vitest";
import { among, extended, NOTHING, toggled } from "./selection";

const ORDER = ["a", "b", "c", "d", "e"];
const ids = (selection: { ids: ReadonlySet<string> }) => [...selection.ids].sort();

describe("selection", () => {
  it("puts one in and out", () => {
    const one = toggled(NOTHING, "b");
    expect(ids(one)).toEqual(["b"]);
    expect(ids(toggled(one, "b"))).toEqual([]);
  });

  it("extends from the one chosen last, in both directions, and keeps that one", () => {
    const one = toggled(NOTHING, "c");
    expect(ids(extended(one, "e", ORDER))).toEqual(["c", "d", "e"]);
    const back = extended(extended(one, "e", ORDER), "a", ORDER);
    expect(ids(back)).toEqual(ORDER);
    expect(back.anchor).toBe("c");
  });

  it("begins a range with the first one chosen", () => {
    expect(ids(extended(NOTHING, "b", ORDER))).toEqual(["b"]);
    expect(ids(extended(toggled(NOTHING, "gone"), "b", ORDER))).toEqual(["b", "gone"]);
  });

  it("forgets what is gone", () => {
    const two = toggled(toggled(NOTHING, "a"), "b");
    expect(among(two, ["a"])).toEqual({ ids: new Set(["a"]), anchor: null });
  });
});
