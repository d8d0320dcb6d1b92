import { type Problem, problemFrom } from "@/api/problem";
import type { SseFrame } from "@/api/sse";
import type { Code, CodeFile, CodeSummary } from "@/api/types";

export type CodeEvent =
  | { type: "project"; project: CodeSummary }
  | { type: "file"; index: number; path: string; language: string }
  | { type: "delta"; index: number; text: string }
  | { type: "file_end"; index: number; complete: boolean }
  | { type: "done"; code: Code }
  | { type: "error"; problem: Problem };

/** A file while it is written, and after. */
export interface WrittenFile {
  path: string;
  language: string;
  content: string;
  state: "writing" | "complete" | "broken";
}

/** A file as the page shows it, whether kept or still being written. */
export type ShownFile = CodeFile & { writing?: boolean };

/** Read a frame of a code stream; null for events this interface does not know. */
export function parseCodeEvent(frame: SseFrame): CodeEvent | null {
  const data = JSON.parse(frame.data) as Record<string, unknown>;
  const index = Number(data.index ?? 0);
  const word = (name: string) => (typeof data[name] === "string" ? data[name] : "");
  switch (frame.event) {
    case "project":
      return { type: "project", project: data as unknown as CodeSummary };
    case "file":
      return { type: "file", index, path: word("path"), language: word("language") };
    case "delta":
      return { type: "delta", index, text: word("text") };
    case "file_end":
      return { type: "file_end", index, complete: data.complete === true };
    case "done":
      return { type: "done", code: data as unknown as Code };
    case "error":
      return { type: "error", problem: problemFrom(typeof data.status === "number" ? data.status : 500, data) };
    default:
      return null;
  }
}

/** The files after one event, by their index in the stream. */
export function applyCodeEvent(files: readonly WrittenFile[], event: CodeEvent): readonly WrittenFile[] {
  switch (event.type) {
    case "file": {
      const next = [...files];
      next[event.index] = { path: event.path, language: event.language, content: "", state: "writing" };
      return next;
    }
    case "delta":
      return files.map((file, index) =>
        index === event.index ? { ...file, content: file.content + event.text } : file,
      );
    case "file_end":
      return files.map((file, index) =>
        index === event.index ? { ...file, state: event.complete ? "complete" : "broken" } : file,
      );
    default:
      return files;
  }
}

/** The files after nothing more comes: what was being written stays unfinished. */
export function breakOff(files: readonly WrittenFile[]): readonly WrittenFile[] {
  return files.map((file) => (file.state === "writing" ? { ...file, state: "broken" } : file));
}

/** What is there while a version is written: what it starts from, and over it what is written. The last of a path holds. */
export function filesShown(before: readonly CodeFile[], written: readonly WrittenFile[]): ShownFile[] {
  const shown = new Map<string, ShownFile>(before.map((file) => [file.path, { ...file, changed: false }]));
  for (const { path, language, content, state } of written) {
    shown.set(path, {
      path,
      language,
      content,
      checked: false,
      faults: [],
      complete: state !== "broken",
      changed: true,
      writing: state === "writing",
    });
  }
  return [...shown.values()];
}
