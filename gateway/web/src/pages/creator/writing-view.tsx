import { Square } from "lucide-react";
import { Button } from "@/components/button/button";
import { Skeleton } from "@/components/skeleton/skeleton";
import { Spinner } from "@/components/spinner/spinner";
import { filesShown } from "./code-events";
import { FileTabs } from "./file-tabs";
import { stopWriting, type Writing } from "./writings";

/** A version while it is written. */
export function WritingView({ writing }: { writing: Writing }) {
  const { active, files, before, project } = writing;
  const current = files.find((file) => file.state === "writing");
  const words = !active
    ? "Keeping what was written"
    : current !== undefined
      ? `Writing ${current.path}`
      : files.length === 0
        ? "Waiting for the first file"
        : "Waiting for more";
  return (
    <>
      <div className="flex items-center gap-3">
        <Spinner className="shrink-0 text-accent" />
        <p role="status" className="min-w-0 grow truncate">
          {words} …
        </p>
        <Button disabled={!active} onClick={() => stopWriting(project.id)}>
          <Square className="fill-current" />
          Stop
        </Button>
      </div>
      {files.length === 0 && before.length === 0 ? (
        <Skeleton className="h-64" />
      ) : (
        <FileTabs files={filesShown(before, files)} />
      )}
    </>
  );
}
