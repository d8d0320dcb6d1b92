import { expect, test } from "vitest";
import { differences } from "./differences";

test("words that were added and removed are told from those that stayed", () => {
  expect(differences("a red fox", "a fox, golden hour")).toEqual([
    { kind: "same", text: "a " },
    { kind: "removed", text: "red " },
    { kind: "same", text: "fox, " },
    { kind: "added", text: "golden hour" },
  ]);
});

test("the pieces that stayed and were added are the new text", () => {
  const [before, after] = ["one two three four", "zero two  four five"];
  const pieces = differences(before, after).filter(({ kind }) => kind !== "removed");
  expect(pieces.map(({ text }) => text).join("")).toBe(after);
});

test("equal texts do not differ, and empty ones are all the other", () => {
  expect(differences("a fox", "a fox")).toEqual([{ kind: "same", text: "a fox" }]);
  expect(differences("", "a fox")).toEqual([{ kind: "added", text: "a fox" }]);
  expect(differences("", "")).toEqual([]);
});
