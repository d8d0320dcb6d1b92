import { describe, expect, test } from "vitest";
import { axesFault, axesOf, cellCount, linesOf, numbersOf, valueLabel } from "./axes";

describe("numbers", () => {
  test.each([
    ["10, 20,30", [10, 20, 30]],
    ["1-5", [1, 2, 3, 4, 5]],
    ["1-30 (+5)", [1, 6, 11, 16, 21, 26]],
    ["0.1-0.5 (+0.1)", [0.1, 0.2, 0.3, 0.4, 0.5]],
    ["1-10 [4]", [1, 4, 7, 10]],
    ["5-3", [5, 4, 3]],
    ["-1-1 (+0.5), 4", [-1, -0.5, 0, 0.5, 1, 4]],
    ["-1, 7", [-1, 7]],
    ["", []],
    ["3-3", [3]],
  ])("%s", (text, values) => {
    expect(numbersOf(text)).toEqual(values);
  });

  test.each(["ten", "1-", "1-9 (+0)", "1;2"])("%s is none", (text) => {
    expect(numbersOf(text)).toBeNull();
  });

  test("no more are counted out than can be asked for", () => {
    expect(numbersOf("0-4000000000")).toHaveLength(21);
  });
});

test("axes that cannot be asked for say why", () => {
  const seeds = { field: "seed", values: Array.from({ length: 11 }, (_, seed) => seed) };
  expect(axesFault([])).toMatch(/Add an axis/);
  expect(axesFault([{ field: "steps", values: [5] }])).toMatch(/correction/);
  expect(axesFault([seeds, { field: "steps", values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }])).toMatch(/110 pictures/);
  expect(axesFault([seeds, { field: "steps", values: [1, 2] }])).toBeUndefined();
  expect(cellCount([seeds, { field: "steps", values: [1, 2] }])).toBe(22);
});

test("a draft may hold anything", () => {
  expect(axesOf(undefined)).toEqual([]);
  expect(axesOf([null, 3, { values: [1] }, { field: "steps", values: [1, null, "a"] }, { field: "seed" }])).toEqual([
    { field: "steps", values: [1, "a"] },
    { field: "seed", values: [] },
  ]);
});

test("each line is a value", () => {
  expect(linesOf("a fox\n\n an owl \n")).toEqual(["a fox", "an owl"]);
});

test("labels say what differs", () => {
  expect(valueLabel("cfg_scale", 7, [])).toBe("CFG 7");
  expect(valueLabel("sampler", "euler", [{ name: "euler", label: "Euler" }])).toBe("Euler");
  expect(valueLabel("negative_prompt", "", [])).toBe("Not: (nothing)");
  expect(valueLabel("prompt", "a fox", [])).toBe("a fox");
});
