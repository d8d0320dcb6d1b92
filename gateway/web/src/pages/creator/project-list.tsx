import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CodeXml, Search, Trash2 } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { api } from "@/api/client";
import { codeProjectsQuery } from "@/api/queries";
import type { CodeSummary } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { EmptyState } from "@/components/empty-state/empty-state";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { Skeleton } from "@/components/skeleton/skeleton";
import { named } from "@/lib/format";
import { dismissWriting, stopWriting, writings } from "./writings";

function Item({ project, onDelete }: { project: CodeSummary; onDelete: () => void }) {
  const writing = writings.use()[project.id]?.active ?? false;
  const name = named(project.project_name, "Project without a name");
  return (
    <li className="relative">
      <Link
        to="/creator/$projectId"
        params={{ projectId: project.id }}
        className="grid grid-cols-1 gap-0.5 rounded-xl py-2.5 pr-12 pl-3 transition-colors hover:bg-hover"
      >
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium">{name}</span>
          {writing && <Badge tone="accent">Being written</Badge>}
        </span>
        <span className="truncate text-muted">{project.description}</span>
        <span className="text-xs text-muted">
          {project.framework} {project.target_type} · <RelativeTime time={project.updated_at} />
        </span>
      </Link>
      <IconButton label={`Delete ${name}`} className="absolute top-2.5 right-2" onClick={onDelete}>
        <Trash2 />
      </IconButton>
    </li>
  );
}

/** What was written before. */
export function ProjectList() {
  const queries = useQueryClient();
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const query = useInfiniteQuery({ ...codeProjectsQuery(search), placeholderData: (previous) => previous });
  const [deleting, setDeleting] = useState<CodeSummary | null>(null);
  const name = named(deleting?.project_name ?? "", "Project without a name");
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const remove = async ({ id }: CodeSummary) => {
    await api.deleteCode(id);
    stopWriting(id);
    dismissWriting(id);
    queries.removeQueries({ queryKey: ["code", id] });
    await queries.invalidateQueries({ queryKey: ["code-projects"] });
  };
  return (
    <section aria-labelledby="earlier-projects" className="grid min-w-0 grid-cols-1 content-start gap-3">
      <h2 id="earlier-projects" className="font-semibold">
        Earlier projects
      </h2>
      <div className="relative">
        <Search aria-hidden="true" className="absolute top-2.5 left-3 size-4 text-muted" />
        <Input
          type="search"
          aria-label="Search projects"
          placeholder="Search names, descriptions and code"
          maxLength={200}
          className="pl-9"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      {query.isPending && ["a", "b", "c"].map((key) => <Skeleton key={key} className="h-18" />)}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess &&
        items.length === 0 &&
        (search === "" ? (
          <EmptyState icon={CodeXml} title="Nothing written yet">
            Describe what you need: its files are written while you watch, and every version is kept here.
          </EmptyState>
        ) : (
          <p className="px-3 py-6 text-center text-muted">No project has these words.</p>
        ))}
      <ul className="-mx-1 grid grid-cols-1 gap-0.5">
        {items.map((project) => (
          <Item key={project.id} project={project} onDelete={() => setDeleting(project)} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button look="ghost" size="sm" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show older
        </Button>
      )}
      <Confirm
        open={deleting !== null}
        onOpenChange={(open) => !open && setDeleting(null)}
        title="Delete this project?"
        description={`“${name}” and all its versions will be gone for good.`}
        action="Delete"
        onConfirm={async () => {
          if (deleting !== null) await remove(deleting);
        }}
      />
    </section>
  );
}
