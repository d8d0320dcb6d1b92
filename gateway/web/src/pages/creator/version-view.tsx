import type { Code } from "@/api/types";
import { CopyButton } from "@/components/copy-button/copy-button";
import { ChangesView } from "./changes-view";
import { FileTabs } from "./file-tabs";
import type { View } from "./version-bar";

function RawAnswer({ text }: { text: string }) {
  if (text === "") return <p className="py-6 text-center text-muted">There is no whole answer of this version.</p>;
  return (
    <figure className="overflow-hidden rounded-xl border bg-sunken">
      <figcaption className="flex h-10 items-center justify-between border-b pr-1 pl-3 text-xs text-muted">
        The answer as the model wrote it
        <CopyButton text={text} label="Copy the raw answer" />
      </figcaption>
      <pre
        role="region"
        aria-label="Raw answer"
        tabIndex={0}
        className="max-h-[65dvh] overflow-auto p-3 font-mono text-[0.8125rem] leading-relaxed wrap-anywhere whitespace-pre-wrap focus-visible:-outline-offset-2"
      >
        {text}
      </pre>
    </figure>
  );
}

/** A version that is kept: its files, what it changed, or what the model said. */
export function VersionView({ code, view, since }: { code: Code; view: View; since: number }) {
  if (view === "changes") return <ChangesView projectId={code.id} since={since} until={code.version} />;
  if (view === "raw" || code.status === "unusable") return <RawAnswer text={code.raw} />;
  return <FileTabs files={code.files} />;
}
