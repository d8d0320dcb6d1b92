import { CircleAlert } from "lucide-react";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { CopyButton } from "@/components/copy-button/copy-button";
import { cn } from "@/lib/cn";
import type { ShownFile } from "./code-events";
import { type Line, shownLines } from "./lines";

// What grows is coloured anew at most so often, and nothing as long as this at all: it would take longer than it helps.
const COLOUR_MS = 250;
const MOST_COLOURED = 100_000;
// As far from the end as this, one still reads along.
const NEAR_END_PX = 48;

type Coloured = { text: string; lines: readonly Line[] } | null;

/** The lines of a text, plain at once and coloured once the highlighter, loaded only where there is code, has come. */
function useLines(text: string, language: string): Line[] {
  const [coloured, setColoured] = useState<Coloured>(null);
  const last = useRef(0);
  useEffect(() => {
    if (text === "" || text.length > MOST_COLOURED) return;
    let current = true;
    const colour = async () => {
      const { highlight } = await import("./highlight");
      if (!current) return;
      last.current = Date.now();
      const lines = highlight(text, language);
      setColoured(lines && { text, lines });
    };
    const wait = Math.max(0, last.current + COLOUR_MS - Date.now());
    // Without the highlighter it stays plain.
    const timer = setTimeout(() => void colour().catch(() => undefined), wait);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, language]);
  return useMemo(() => shownLines(text, coloured), [text, coloured]);
}

interface RowProps {
  number: number;
  line: Line;
  /** What is wrong in it; empty = nothing. */
  fault: string;
}

const Row = memo(function Row({ number, line, fault }: RowProps) {
  return (
    <div
      data-line={number}
      className={cn("flex w-max min-w-full", fault === "" ? "bg-sunken" : "bg-danger-soft")}
      title={fault || undefined}
    >
      {/* Not selected with the code: what is copied is the code. */}
      <span
        aria-hidden="true"
        data-number={number}
        className="sticky left-0 w-12 shrink-0 border-r bg-inherit pr-3 text-right text-muted select-none before:content-[attr(data-number)]"
      />
      <code className="px-3 whitespace-pre">
        {line.length === 0
          ? "\n"
          : line.map(({ text, className }, place) =>
              className === "" ? text : (
                <span key={place} className={className}>
                  {text}
                </span>
              ),
            )}
      </code>
    </div>
  );
});

function Faults({ file, onGo }: { file: ShownFile; onGo: (line: number) => void }) {
  if (file.faults.length === 0) return null;
  return (
    <ul aria-label="Faults" className="grid grid-cols-1 gap-1 border-b bg-danger-soft px-3 py-2">
      {file.faults.map(({ line, column, message }) => (
        <li key={`${line}:${column} ${message}`}>
          <button type="button" className="flex items-start gap-2 text-left" onClick={() => onGo(line)}>
            <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-danger" />
            <span className="wrap-anywhere">
              <span className="font-medium text-danger underline underline-offset-3">Line {line}</span> {message}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A file with numbered lines, and what is wrong in it. */
export function CodeView({ file }: { file: ShownFile }) {
  const lines = useLines(file.content, file.language);
  const box = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const faults = new Map(file.faults.map(({ line, message }) => [line, message]));
  useLayoutEffect(() => {
    if (file.writing && pinned.current && box.current !== null && file.content !== "") {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [file.writing, file.content]);
  const go = (line: number) => {
    const row = box.current?.querySelector(`[data-line="${Math.min(line, lines.length)}"]`);
    row?.scrollIntoView({ block: "center" });
    box.current?.focus({ preventScroll: true });
  };
  return (
    <figure className="overflow-hidden rounded-xl border bg-sunken">
      <figcaption className="flex min-h-10 items-center gap-2 border-b pr-1 pl-3 text-xs text-muted">
        <span className="min-w-0 grow truncate font-mono">{file.path}</span>
        <span className="shrink-0">
          {file.language} · {lines.length} {lines.length === 1 ? "line" : "lines"}
        </span>
        <CopyButton text={file.content} label={`Copy ${file.path}`} />
      </figcaption>
      <Faults file={file} onGo={go} />
      {/* What scrolls must be reachable by keyboard. */}
      <div
        ref={box}
        role="region"
        aria-label={`Code of ${file.path}`}
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          pinned.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
        }}
        className="max-h-[65dvh] overflow-auto bg-sunken py-2 font-mono text-[0.8125rem] leading-relaxed focus-visible:-outline-offset-2"
      >
        {lines.map((line, place) => (
          <Row key={place} number={place + 1} line={line} fault={faults.get(place + 1) ?? ""} />
        ))}
      </div>
    </figure>
  );
}
