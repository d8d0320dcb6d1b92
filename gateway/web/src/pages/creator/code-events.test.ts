import { describe, expect, it } from "vitest";
import type { CodeFile } from "@/api/types";
import { applyCodeEvent, breakOff, type CodeEvent, filesShown, parseCodeEvent, type WrittenFile } from "./code-events";

const frame = (event: string, data: unknown) => ({ event, data: JSON.stringify(data), id: "" });
const kept = (path: string, content: string): CodeFile => ({
  path,
  content,
  language: "python",
  checked: true,
  faults: [{ line: 1, column: 1, message: "wrong" }],
  complete: true,
  changed: true,
});
const STREAM: CodeEvent[] = [
  { type: "file", index: 0, path: "a.py", language: "python" },
  { type: "delta", index: 0, text: "x = " },
  { type: "delta", index: 0, text: "1\n" },
  { type: "file_end", index: 0, complete: true },
  { type: "file", index: 1, path: "b.py", language: "python" },
  { type: "delta", index: 1, text: "y" },
];
const after = (events: readonly CodeEvent[]) => events.reduce<readonly WrittenFile[]>(applyCodeEvent, []);

describe("parseCodeEvent", () => {
  it("reads the frames of a stream and leaves unknown ones", () => {
    expect(parseCodeEvent(frame("file", { index: 1, path: "a.py", language: "python" }))).toEqual({
      type: "file",
      index: 1,
      path: "a.py",
      language: "python",
    });
    expect(parseCodeEvent(frame("delta", { index: 1, text: "x" }))).toEqual({ type: "delta", index: 1, text: "x" });
    expect(parseCodeEvent(frame("file_end", { index: 0 }))).toEqual({ type: "file_end", index: 0, complete: false });
    expect(parseCodeEvent(frame("weather", {}))).toBeNull();
  });

  it("keeps the hint and the fields of a problem", () => {
    const body = { status: 422, title: "T", detail: "D", hint: "H", errors: [{ field: "target_type", message: "no" }] };
    const event = parseCodeEvent(frame("error", body));
    if (event?.type !== "error") throw new Error("not an error");
    expect([event.problem.status, event.problem.detail, event.problem.hint]).toEqual([422, "D", "H"]);
    expect(event.problem.field("target_type")).toBe("no");
  });
});

describe("applyCodeEvent", () => {
  it("writes files as they come", () => {
    expect(after(STREAM)).toEqual([
      { path: "a.py", language: "python", content: "x = 1\n", state: "complete" },
      { path: "b.py", language: "python", content: "y", state: "writing" },
    ]);
  });

  it("does not touch what it was given", () => {
    const before = after(STREAM);
    const copy = structuredClone(before);
    applyCodeEvent(before, { type: "delta", index: 1, text: "!" });
    expect(before).toEqual(copy);
  });
});

describe("breakOff", () => {
  it("marks only the file that was being written", () => {
    expect(breakOff(after(STREAM)).map((file) => file.state)).toEqual(["complete", "broken"]);
  });
});

describe("filesShown", () => {
  it("lays what is written over what was there", () => {
    const shown = filesShown([kept("b.py", "old"), kept("c.py", "z")], after(STREAM));
    expect(shown.map(({ path, content, changed, writing }) => [path, content, changed, writing])).toEqual([
      ["b.py", "y", true, true],
      ["c.py", "z", false, undefined],
      ["a.py", "x = 1\n", true, false],
    ]);
    expect(shown[0]?.faults).toEqual([]);
  });

  it("lets the later of two files of one path hold", () => {
    const twice = after([...STREAM, { type: "file", index: 2, path: "a.py", language: "python" }]);
    expect(filesShown([], twice).map(({ path, content }) => [path, content])).toEqual([
      ["a.py", ""],
      ["b.py", "y"],
    ]);
  });
});
