import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Download, Plus } from "lucide-react";
import { useEffect } from "react";
import type { Problem } from "@/api/problem";
import { codeOptionsQuery, codeProjectQuery } from "@/api/queries";
import type { Code, CodeRefine, CodeSummary } from "@/api/types";
import { ModelFailure } from "@/components/answer/model-failure";
import { Button } from "@/components/button/button";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { named } from "@/lib/format";
import { refuse, targetLabel } from "./brief";
import { downloadCode } from "./download";
import { Outcome } from "./outcome";
import { RefineBox } from "./refine-box";
import { type Look, VersionBar } from "./version-bar";
import { VersionView } from "./version-view";
import { WhoAnswers } from "./who-answers";
import { WritingView } from "./writing-view";
import { dismissWriting, refine, type Writing, writings } from "./writings";

interface Search {
  version?: number;
  since?: number;
  view?: "raw";
}

function Header({ project, code }: { project: CodeSummary; code: Code | undefined }) {
  const options = useQuery(codeOptionsQuery);
  const framework = options.data?.items.find(({ name }) => name === project.framework)?.label ?? project.framework;
  return (
    <header className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1 className="font-serif text-4xl leading-tight wrap-anywhere">
            {named(project.project_name, "Project without a name")}
          </h1>
          <p className="mt-1 text-muted">
            {framework} · {targetLabel(project.target_type)}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {code !== undefined && code.files.length > 0 && (
            <Button onClick={() => void downloadCode(code)}>
              <Download />
              Download zip
            </Button>
          )}
          <Button asChild>
            <Link to="/creator">
              <Plus />
              New project
            </Link>
          </Button>
        </div>
      </div>
      <details className="min-w-0 text-muted">
        <summary className="cursor-pointer truncate">{project.description}</summary>
        <p className="mt-2 max-h-60 overflow-y-auto wrap-anywhere whitespace-pre-wrap text-foreground">
          {project.description}
        </p>
      </details>
      <WhoAnswers />
    </header>
  );
}

/** A version that is kept, and what can be done with it. */
function Kept({ code, search, writing }: { code: Code; search: Search; writing: Writing | undefined }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const params = { projectId: code.id };
  const look: Look = {
    view: search.since === undefined ? (search.view ?? "files") : "changes",
    since: search.since ?? code.version - 1,
  };
  const goTo = (version: number, { view, since }: Look) => {
    const newest = version === code.versions.at(-1)?.number;
    // Compared with itself it would be the same.
    const before = since === version ? version - 1 : since;
    const shown = view === "changes" ? { since: before } : view === "raw" ? { view } : {};
    void navigate({
      to: "/creator/$projectId",
      params,
      search: { ...(newest ? {} : { version }), ...shown },
      replace: true,
      resetScroll: false,
    });
  };
  const next = (request: CodeRefine) => {
    void refine(queries, code, request);
    void navigate({ to: "/creator/$projectId", params, search: {}, replace: true, resetScroll: false });
  };
  const anew = () => next({});
  const problem = writing?.problem ?? null;
  const own = code.versions.find(({ number }) => number === code.version)?.instruction ?? "";
  const again = () => next(own !== "" && code.files.length > 0 ? { instruction: own, version: code.version } : {});
  const failure = problem !== null && (
    <ModelFailure problem={problem} onRetry={() => next(writing?.request ?? {})} shownFields={["instruction"]} />
  );
  if (code.version === 0) {
    return (
      <div className="grid justify-items-start gap-3">
        {failure || <p>Nothing was written yet.</p>}
        <Button look="primary" onClick={anew}>
          Generate
        </Button>
      </div>
    );
  }
  return (
    <>
      <VersionBar
        code={code}
        look={look}
        onVersion={(version) => goTo(version, look.view === "changes" ? { ...look, since: version - 1 } : look)}
        onLook={(changed) => goTo(code.version, changed)}
      />
      {failure}
      {/* A failure that was just told says more than what is kept of it. */}
      {!(problem !== null && code.status === "failed") && <Outcome code={code} onRetry={again} />}
      <VersionView code={code} {...look} />
      <RefineBox
        key={code.version}
        version={code.version}
        refinable={code.files.length > 0}
        initial={problem === null ? "" : (writing?.request.instruction ?? "")}
        error={problem?.field("instruction")}
        onRefine={(instruction) => next({ instruction, version: code.version })}
        onRegenerate={anew}
      />
    </>
  );
}

/** What was asked for wrongly is not kept: it goes back into the form, to be corrected there. */
function Refused({ project, problem }: { project: CodeSummary; problem: Problem }) {
  const navigate = useNavigate();
  useEffect(() => {
    refuse(project, problem);
    void navigate({ to: "/creator", replace: true }).then(() => dismissWriting(project.id));
  }, [navigate, project, problem]);
  return null;
}

export default function ProjectPage() {
  const { projectId = "" } = useParams({ strict: false });
  const search = useSearch({ strict: false }) as Search;
  const writing = writings.use()[projectId];
  const query = useQuery(codeProjectQuery(projectId, search.version ?? null));
  const project = query.data ?? writing?.project;
  const problem = writing?.problem ?? null;
  const underWay = writing !== undefined && problem === null;

  const notKept = query.data === undefined || query.data.version === 0;
  if (writing !== undefined && problem !== null && problem.fields.length > 0 && notKept) {
    return <Refused project={writing.project} problem={problem} />;
  }
  return (
    <div className="mx-auto grid w-full max-w-6xl grid-cols-1 gap-5 p-4 md:p-8">
      {project === undefined && query.isPending && (
        <>
          <Skeleton className="h-20" />
          <Skeleton className="h-80" />
        </>
      )}
      {project === undefined && query.isError && (
        <>
          <h1 className="font-serif text-4xl leading-tight">Creator</h1>
          <ProblemNotice error={query.error} onRetry={() => void query.refetch()}>
            <Link to="/creator" className="mt-1 inline-block text-accent underline underline-offset-3">
              All projects
            </Link>
          </ProblemNotice>
        </>
      )}
      {project !== undefined && <Header project={project} code={underWay ? undefined : query.data} />}
      {underWay && <WritingView writing={writing} />}
      {!underWay && query.data !== undefined && <Kept code={query.data} search={search} writing={writing} />}
    </div>
  );
}
