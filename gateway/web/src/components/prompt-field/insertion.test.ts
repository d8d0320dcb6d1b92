import { describe, expect, test } from "vitest";
import { adding, completing, fragment, type Insertion } from "./insertion";

/** The text with the insertion made; `|` in the text is the caret. */
function done(marked: string, make: (text: string, caret: number) => Insertion): string {
  const caret = marked.indexOf("^");
  const text = marked.replace("^", "");
  const { from, to, words } = make(text, caret);
  return text.slice(0, from) + words + text.slice(to);
}

test.each([
  ["a cat, gold", "gold"],
  ["a cat,", ""],
  ["a cat. It ru", "It ru"],
  ["((gold", "gold"],
])("what is typed at the end of %j is %j", (text, typed) => {
  expect(fragment(text)).toBe(typed);
});

describe("a completed phrase", () => {
  test.each([
    ["a cat, gol^", "a cat, golden hour, "],
    ["gol^", "golden hour, "],
    ["a cat, gol^, blue", "a cat, golden hour, blue"],
    ["a cat, gol^d, blue", "a cat, golden hour, blue"],
    ["a cat, (gol^", "a cat, (golden hour, "],
  ])("takes the place of what is typed: %j", (text, wanted) => {
    expect(done(text, (words, caret) => completing(words, caret, "golden hour"))).toBe(wanted);
  });
});

describe("a suggestion", () => {
  test.each([
    ["^", "golden hour"],
    ["a cat^", "a cat, golden hour"],
    ["a cat ^", "a cat, golden hour"],
    ["a cat,^", "a cat, golden hour"],
    ["a cat, ^", "a cat, golden hour"],
    ["^a cat", "golden hour, a cat"],
    ["a cat^, blue", "a cat, golden hour, blue"],
  ])("stands apart from what is there: %j", (text, wanted) => {
    expect(done(text, (words, caret) => adding(words, caret, "golden hour"))).toBe(wanted);
  });
});
