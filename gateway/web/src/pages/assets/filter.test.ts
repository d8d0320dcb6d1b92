import { describe, expect, it } from "vitest";
import { filterOf, isFiltered, tagsOf, withTag } from "./filter";

describe("filterOf", () => {
  it("asks for everything without an address's words", () => {
    expect(filterOf({})).toEqual({ limit: 60 });
  });

  it("takes both days whole, as the reader's calendar has them", () => {
    const { from, to } = filterOf({ from: "2026-01-31", to: "2026-01-31" });
    expect(from).toBe(new Date(2026, 0, 31).toISOString());
    expect(to).toBe(new Date(2026, 1, 1).toISOString());
  });

  it("passes on what the address says", () => {
    expect(filterOf({ q: "apple", tag: "a b,c", board: "B", favourite: true, asset: "A" })).toEqual({
      limit: 60,
      q: "apple",
      tag: ["a b", "c"],
      board_id: "B",
      favourite: true,
    });
  });
});

describe("withTag", () => {
  it("puts a tag in and out", () => {
    const one = withTag({ q: "x" }, "a");
    expect(tagsOf(one)).toEqual(["a"]);
    expect(tagsOf(withTag(one, "b"))).toEqual(["a", "b"]);
    expect(withTag(one, "a")).toEqual({ q: "x", tag: undefined });
  });
});

describe("isFiltered", () => {
  it("does not count what is looked at and in which order", () => {
    expect(isFiltered({ asset: "A", sort: "largest" })).toBe(false);
    expect(isFiltered({ board: "B" })).toBe(true);
  });
});
