import { useQuery } from "@tanstack/react-query";
import { codeChangesQuery } from "@/api/queries";
import type { CodeChange } from "@/api/types";
import { Badge, type Tone } from "@/components/badge/badge";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { cn } from "@/lib/cn";
import { textLines } from "./lines";

const TONES: Record<CodeChange["change"], Tone> = { added: "success", removed: "danger", changed: "accent" };

function lineLook(line: string): string {
  if (line.startsWith("+")) return "bg-success-soft text-success";
  if (line.startsWith("-")) return "bg-danger-soft text-danger";
  return line.startsWith("@@") ? "text-muted" : "";
}

function Change({ change }: { change: CodeChange }) {
  // The first two lines say the path, twice.
  const lines = textLines(change.diff).slice(2);
  return (
    <figure className="overflow-hidden rounded-xl border bg-sunken">
      <figcaption className="flex min-h-10 items-center gap-2 border-b px-3 text-xs">
        <span className="min-w-0 grow truncate font-mono">{change.path}</span>
        <Badge tone={TONES[change.change]}>{change.change}</Badge>
      </figcaption>
      <div
        role="region"
        aria-label={`Changes of ${change.path}`}
        tabIndex={0}
        className="max-h-[65dvh] overflow-auto py-2 font-mono text-[0.8125rem] leading-relaxed focus-visible:-outline-offset-2"
      >
        {lines.map((line, place) => (
          <div key={place} className={cn("w-max min-w-full px-3 whitespace-pre", lineLook(line))}>
            {line || "\n"}
          </div>
        ))}
      </div>
    </figure>
  );
}

/** What one version did to another, file by file. */
export function ChangesView({ projectId, since, until }: { projectId: string; since: number; until: number }) {
  const query = useQuery(codeChangesQuery(projectId, since, until));
  if (query.isError) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <Skeleton className="h-48" />;
  if (query.data.items.length === 0) {
    return <p className="py-6 text-center text-muted">The files are the same in both versions.</p>;
  }
  return (
    <div className="grid grid-cols-1 gap-4">
      {query.data.items.map((change) => (
        <Change key={change.path} change={change} />
      ))}
    </div>
  );
}
