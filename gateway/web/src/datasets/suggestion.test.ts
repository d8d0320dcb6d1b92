import { describe, expect, it } from "vitest";
import type { Ratings } from "@/api/types";
import { suggestion } from "./suggestion";

const dataset = { id: "d", name: "Rated answers", version: 1, good: 20, bad: 0 };
const ratings = (changes: Partial<Ratings>): Ratings => ({ good: 0, bad: 0, needed: 20, dataset: null, ...changes });

describe("suggestion", () => {
  it("says nothing before anything is rated good", () => {
    expect(suggestion(ratings({ bad: 3 }))).toEqual({ kind: "nothing" });
  });
  it("says how many are missing, and offers the dataset with the one that makes them enough", () => {
    expect(suggestion(ratings({ good: 19 }))).toEqual({ kind: "more", missing: 1 });
    expect(suggestion(ratings({ good: 20 }))).toEqual({ kind: "make" });
  });
  it("knows whether the dataset has what is rated now", () => {
    expect(suggestion(ratings({ good: 20, bad: 5, dataset }))).toEqual({ kind: "made", dataset });
    expect(suggestion(ratings({ good: 21, dataset }))).toEqual({ kind: "update", dataset, include: "good" });
    expect(suggestion(ratings({ good: 19, dataset }))).toEqual({ kind: "made", dataset });
  });
  it("keeps the bad answers of a dataset that has them", () => {
    const mixed = { ...dataset, bad: 2 };
    expect(suggestion(ratings({ good: 20, bad: 2, dataset: mixed }))).toEqual({ kind: "made", dataset: mixed });
    expect(suggestion(ratings({ good: 20, bad: 3, dataset: mixed }))).toEqual({
      kind: "update",
      dataset: mixed,
      include: "all",
    });
  });
});
