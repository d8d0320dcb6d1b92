import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Activity } from "lucide-react";
import { useMemo } from "react";
import { jobsQuery } from "@/api/queries";
import type { JobStatus } from "@/api/types";
import { Button } from "@/components/button/button";
import { EmptyState } from "@/components/empty-state/empty-state";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Segmented } from "@/components/segmented/segmented";
import { Select } from "@/components/select/select";
import { Skeleton } from "@/components/skeleton/skeleton";
import { mergeLive } from "@/jobs/merge";
import type { LiveJob } from "@/jobs/reducer";
import { useLiveJobs } from "@/jobs/store";
import { kindLabel } from "@/lib/format";
import { JobDrawer } from "./job-drawer";
import { JobTable } from "./job-table";

const route = getRouteApi("/jobs");

const FILTERS = [
  { value: "all", label: "All" },
  { value: "active", label: "Under way" },
  { value: "completed", label: "Completed" },
  { value: "failed", label: "Failed" },
  { value: "cancelled", label: "Cancelled" },
] as const;
const UNDER_WAY: readonly JobStatus[] = ["pending", "running", "paused"];
const ANY = "(any)";

function statuses(filter: string): readonly JobStatus[] {
  if (filter === "all") return [];
  return filter === "active" ? UNDER_WAY : [filter as JobStatus];
}

export default function JobsPage() {
  const { job: openId, status, kind } = route.useSearch();
  const navigate = route.useNavigate();
  const filter = status ?? "all";
  const wanted = statuses(filter);
  const query = useInfiniteQuery({
    ...jobsQuery({ limit: 25, ...(wanted.length > 0 ? { status: wanted } : {}), ...(kind ? { kind } : {}) }),
    placeholderData: (previous) => previous,
  });
  const live = useLiveJobs();
  const jobs = useMemo(() => {
    const accepted = statuses(filter);
    const matches = (job: LiveJob) =>
      (accepted.length === 0 || accepted.includes(job.status)) && (kind === undefined || job.kind === kind);
    return mergeLive(query.data?.pages.flatMap((page) => page.items) ?? [], live, matches, !query.hasNextPage);
  }, [query.data, query.hasNextPage, live, filter, kind]);
  const kinds = useMemo(
    () => [...new Set([...jobs.map((job) => job.kind), ...(kind ? [kind] : [])])].sort(),
    [jobs, kind],
  );
  const show = (change: { job?: string | undefined; status?: typeof status; kind?: string | undefined }) =>
    void navigate({
      search: (now) => ({ ...now, ...change }),
      replace: "status" in change || "kind" in change,
    });

  return (
    <div className="mx-auto grid w-full max-w-6xl grid-cols-1 gap-5 p-4 md:p-6">
      <PageHeader title="Jobs">Everything the studio has been asked to make, as it happens.</PageHeader>
      <div className="flex flex-wrap items-center gap-3">
        <Segmented
          label="Status"
          value={filter}
          choices={FILTERS}
          onChange={(value) => show({ status: value === "all" ? undefined : value })}
        />
        <Select
          aria-label="Kind"
          className="w-44"
          value={kind ?? ANY}
          onChange={(value) => show({ kind: value === ANY ? undefined : value })}
          choices={[{ value: ANY, label: "Every kind" }, ...kinds.map((value) => ({ value, label: kindLabel(value) }))]}
        />
      </div>
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && (
        <div className="grid gap-2">
          {["a", "b", "c", "d", "e"].map((key) => (
            <Skeleton key={key} className="h-14" />
          ))}
        </div>
      )}
      {query.isSuccess && jobs.length === 0 && (
        <EmptyState icon={Activity} title={filter === "all" && !kind ? "No jobs yet" : "No job fits this filter"}>
          {filter === "all" && !kind
            ? "Whatever takes a while, a picture for instance, becomes a job. You can watch, cancel and repeat it here."
            : "Choose another status or kind to see more."}
        </EmptyState>
      )}
      {jobs.length > 0 && <JobTable jobs={jobs} onOpen={(job) => show({ job: job.id })} />}
      {query.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
      <JobDrawer id={openId ?? null} onClose={() => show({ job: undefined })} />
    </div>
  );
}
