/** A piece of a line in one colour; empty class = plain. */
export interface Segment {
  text: string;
  className: string;
}
export type Line = readonly Segment[];

/** As much of a syntax tree (https://github.com/syntax-tree/hast) as colours need. */
export interface Node {
  type: string;
  value?: string;
  properties?: { className?: unknown };
  children?: readonly Node[];
}

/** The lines of a text; an ending of the last one begins no other. */
export function textLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines;
}

/** A coloured text, cut into lines. */
export function treeLines(tree: Node): Line[] {
  const lines: Segment[][] = [[]];
  const walk = (node: Node, className: string) => {
    if (node.type === "text") {
      for (const [place, text] of (node.value ?? "").split("\n").entries()) {
        if (place > 0) lines.push([]);
        if (text !== "") lines.at(-1)?.push({ text, className });
      }
    }
    const own = Array.isArray(node.properties?.className) ? node.properties.className.join(" ") : "";
    for (const child of node.children ?? []) walk(child, own === "" ? className : `${className} ${own}`.trim());
  };
  walk(tree, "");
  if (lines.length > 1 && lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

/** The lines of a text of which an earlier state is coloured: what came since is plain until it is coloured too. */
export function shownLines(text: string, coloured: { text: string; lines: readonly Line[] } | null): Line[] {
  const plain = textLines(text).map((line): Line => (line === "" ? [] : [{ text: line, className: "" }]));
  if (coloured === null || !text.startsWith(coloured.text)) return plain;
  // The last coloured line may have grown.
  const whole = coloured.text === text ? coloured.lines.length : coloured.lines.length - 1;
  return plain.map((line, place) => (place < whole ? (coloured.lines[place] ?? line) : line));
}
