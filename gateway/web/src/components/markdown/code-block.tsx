import { type ReactNode, useEffect, useState } from "react";
import { CopyButton } from "@/components/copy-button/copy-button";

interface CodeBlockProps {
  code: string;
  language: string;
}

/** Code, plain at once and coloured as soon as the highlighter, loaded only when there is code, has come. */
export function CodeBlock({ code, language }: CodeBlockProps) {
  const [coloured, setColoured] = useState<{ code: string; tree: ReactNode } | null>(null);
  useEffect(() => {
    let current = true;
    import("./highlight").then(
      ({ highlight }) => {
        if (current) setColoured({ code, tree: highlight(code, language) });
      },
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [code, language]);
  return (
    <figure className="overflow-hidden rounded-xl border bg-sunken">
      <figcaption className="flex h-9 items-center justify-between border-b pr-1 pl-3 text-xs text-muted">
        {language || "text"}
        <CopyButton text={code} label="Copy the code" />
      </figcaption>
      {/* What scrolls must be reachable by keyboard. */}
      <pre tabIndex={0} className="overflow-x-auto p-3 font-mono text-[0.8125rem] leading-relaxed">
        <code>{coloured?.code === code ? coloured.tree : code}</code>
      </pre>
    </figure>
  );
}
