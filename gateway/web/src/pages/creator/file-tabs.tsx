import { Tabs } from "radix-ui";
import { useState } from "react";
import { Badge } from "@/components/badge/badge";
import { Spinner } from "@/components/spinner/spinner";
import { CodeView } from "./code-view";
import type { ShownFile } from "./code-events";

function Marks({ file }: { file: ShownFile }) {
  const count = file.faults.length;
  return (
    <>
      {file.writing && <Spinner className="size-3.5" />}
      {file.writing && <span className="sr-only">being written</span>}
      {!file.complete && <Badge tone="warning">incomplete</Badge>}
      {count > 0 && (
        <Badge tone="danger">
          {count}
          <span className="sr-only">{count === 1 ? "fault" : "faults"}</span>
        </Badge>
      )}
    </>
  );
}

/** The files, one in sight: the one being written, until another is chosen. */
export function FileTabs({ files }: { files: readonly ShownFile[] }) {
  const [chosen, setChosen] = useState("");
  const byPath = (path: string) => files.find((file) => file.path === path);
  const shown = byPath(chosen) ?? files.find((file) => file.writing) ?? files.find((file) => file.changed) ?? files[0];
  if (shown === undefined) return null;
  return (
    <Tabs.Root value={shown.path} onValueChange={setChosen} className="grid min-w-0 grid-cols-1 gap-2">
      <Tabs.List aria-label="Files" className="flex gap-1 overflow-x-auto p-0.5">
        {files.map((file) => (
          <Tabs.Trigger
            key={file.path}
            value={file.path}
            title={file.path}
            className="flex h-9 shrink-0 items-center gap-2 rounded-lg border border-transparent px-3 font-mono text-[0.8125rem] text-muted transition-colors hover:bg-hover focus-visible:-outline-offset-2 hover:text-foreground data-[state=active]:border-border data-[state=active]:bg-surface data-[state=active]:text-foreground data-[state=active]:shadow-card"
          >
            <span className="max-w-56 truncate">{file.path}</span>
            <Marks file={file} />
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value={shown.path} tabIndex={-1} className="min-w-0">
        <CodeView key={shown.path} file={shown} />
      </Tabs.Content>
    </Tabs.Root>
  );
}
