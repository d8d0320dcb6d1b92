import { expect, it } from "vitest";
import { type Node, shownLines, textLines, treeLines } from "./lines";

const text = (value: string): Node => ({ type: "text", value });
const span = (className: string, ...children: Node[]): Node => ({
  type: "element",
  properties: { className: [className] },
  children,
});

it("counts lines as editors do", () => {
  expect(textLines("a\nb\n")).toEqual(["a", "b"]);
  expect(textLines("a\n\n")).toEqual(["a", ""]);
  expect(textLines("")).toEqual([""]);
});

it("keeps the colours of what spans lines and of what is nested", () => {
  const tree: Node = {
    type: "root",
    children: [text("x = "), span("hljs-string", text("'''a\n"), span("hljs-subst", text("b")), text("'''")), text("\n")],
  };
  expect(treeLines(tree)).toEqual([
    [
      { text: "x = ", className: "" },
      { text: "'''a", className: "hljs-string" },
    ],
    [
      { text: "b", className: "hljs-string hljs-subst" },
      { text: "'''", className: "hljs-string" },
    ],
  ]);
});

it("colours as much as was coloured of a text that grows", () => {
  const coloured = { text: "if a\nelse", lines: [[{ text: "if a", className: "k" }], [{ text: "else", className: "k" }]] };
  expect(shownLines("if a\nelse:\n  b", coloured).map((line) => line.map((one) => one.className).join())).toEqual([
    "k",
    "",
    "",
  ]);
  expect(shownLines("if a\nelse", coloured)).toEqual(coloured.lines);
  expect(shownLines("other", coloured)).toEqual([[{ text: "other", className: "" }]]);
});
