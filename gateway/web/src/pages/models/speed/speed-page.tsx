import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Gauge } from "lucide-react";
import { useMemo } from "react";
import { api } from "@/api/client";
import { asProblem, Problem } from "@/api/problem";
import { benchmarksQuery, endpointsQuery } from "@/api/queries";
import type { Endpoint } from "@/api/types";
import { Button } from "@/components/button/button";
import { EmptyState } from "@/components/empty-state/empty-state";
import { EndpointDot } from "@/components/endpoint-dot/endpoint-dot";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { ownModel, STANDING_WORDS, standing, troubles } from "@/endpoints/standing";
import { BENCHMARK, isTerminal } from "@/jobs/events";
import { mergeLive } from "@/jobs/merge";
import type { LiveJob } from "@/jobs/reducer";
import { jobStore, useLiveJobs } from "@/jobs/store";
import { uniqueKey } from "@/lib/unique-key";
import { Earlier } from "./earlier";
import { ANSWER_TOKENS, ANSWERS, befores, measurementOf } from "./measurement";
import { Measuring } from "./measuring";
import { Newest } from "./newest";

const LINK = "text-accent underline underline-offset-4";
const CLOUDS: readonly Endpoint["kind"][] = ["openai", "gemini", "anthropic"];

/** The endpoint's measurements as they stand this moment, newest first. */
function useMeasurements(endpointId: string) {
  const query = useInfiniteQuery(benchmarksQuery(endpointId));
  const live = useLiveJobs();
  const jobs = useMemo(() => {
    const listed = query.data?.pages.flatMap((page) => page.items) ?? [];
    const known = new Set(listed.map(({ id }) => id));
    // What is heard of a job before it was looked up tells no parameters.
    const mine = (job: LiveJob) =>
      job.kind === BENCHMARK && (known.has(job.id) || job.params.endpoint_id === endpointId);
    return mergeLive(listed, live, mine, !query.hasNextPage);
  }, [query.data, query.hasNextPage, live, endpointId]);
  return { query, jobs };
}

/** Why it may not answer, and where that is mended. */
function Trouble({ endpoint }: { endpoint: Endpoint }) {
  const words = troubles(endpoint, Date.now());
  if (words.length === 0) return null;
  return (
    <div role="status" className="rounded-xl border border-warning/30 bg-warning-soft p-3">
      {words.map((one) => (
        <p key={one} className="wrap-anywhere">
          {one}
        </p>
      ))}
      {endpoint.kind !== "embedded" && <Mend endpoint={endpoint} />}
    </div>
  );
}

function Mend({ endpoint }: { endpoint: Endpoint }) {
  return (
    <p className="mt-1 flex flex-wrap gap-x-4">
      <Link to="/models" search={{ edit: endpoint.id }} className={LINK}>
        Change its address or key
      </Link>
      <Link to="/models" className={LINK}>
        Test it
      </Link>
    </p>
  );
}

function Failed({ job, endpoint, onRetry }: { job: LiveJob; endpoint: Endpoint; onRetry: () => void }) {
  const { message = "", hint = "", code = "" } = job.error ?? {};
  return (
    <ProblemNotice
      error={new Problem(503, "The last measurement failed", { detail: message, hint, code })}
      onRetry={onRetry}
    >
      {endpoint.kind !== "embedded" && <Mend endpoint={endpoint} />}
    </ProblemNotice>
  );
}

function Measurements({ endpoint }: { endpoint: Endpoint }) {
  const { query, jobs } = useMeasurements(endpoint.id);
  const begin = useMutation({
    mutationFn: () => api.benchmark(endpoint.id, uniqueKey()),
    onSuccess: (job) => jobStore.snapshot([job]),
  });
  const measured = useMemo(() => jobs.flatMap((job) => measurementOf(job) ?? []), [jobs]);
  const before = useMemo(() => befores(measured), [measured]);
  const underWay = jobs.filter((job) => !isTerminal(job.status));
  const ended = jobs.filter((job) => isTerminal(job.status));
  const newest = measured[0];
  const failed = underWay.length === 0 && ended[0]?.status === "failed" ? ended[0] : undefined;
  const earlier = ended.filter(({ id }) => id !== newest?.id && id !== failed?.id);
  const measure = (
    <Button look="primary" busy={begin.isPending} disabled={underWay.length > 0} onClick={() => begin.mutate()}>
      <Gauge />
      Measure
    </Button>
  );
  const cost = `${ANSWERS} answers of up to ${ANSWER_TOKENS} tokens are asked for. They count as used${CLOUDS.includes(endpoint.kind) ? ", and your provider charges for them" : ""}.`;
  if (query.isPending) return <Skeleton className="h-72 rounded-2xl" />;
  if (query.isError && query.data === undefined) {
    return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  }
  return (
    <>
      {!failed && <Trouble endpoint={endpoint} />}
      {begin.isError && <ProblemNotice error={begin.error} />}
      {underWay.map((job) => (
        <Measuring key={job.id} job={job} />
      ))}
      {failed && <Failed job={failed} endpoint={endpoint} onRetry={() => begin.mutate()} />}
      {jobs.length === 0 ? (
        <EmptyState icon={Gauge} title="Not measured yet" action={measure}>
          How long until it begins to answer, and how fast it writes: with one request, with four and with sixteen at
          once. {cost}
        </EmptyState>
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <p className="min-w-0 text-pretty text-muted">{cost}</p>
          {measure}
        </div>
      )}
      {newest && <Newest measurement={newest} before={before.get(newest.id)} name={endpoint.name} />}
      {(earlier.length > 0 || query.hasNextPage) && (
        <Earlier jobs={earlier} befores={before}>
          {query.hasNextPage && (
            <Button
              look="ghost"
              size="sm"
              className="justify-self-center"
              busy={query.isFetchingNextPage}
              onClick={() => void query.fetchNextPage()}
            >
              Show older
            </Button>
          )}
        </Earlier>
      )}
    </>
  );
}

/** How quickly one endpoint answers, alone and under load. */
export default function SpeedPage() {
  const { endpointId = "" } = useParams({ strict: false });
  const query = useQuery(endpointsQuery);
  const endpoint = query.data?.items.find(({ id }) => id === endpointId);
  return (
    <div className="mx-auto grid w-full max-w-4xl grid-cols-1 gap-5 p-4 md:p-6">
      <PageHeader title="Speed">
        How quickly a model answers, alone and under load.{" "}
        <Link to="/models" className={LINK}>
          All models
        </Link>
      </PageHeader>
      {query.isPending && <Skeleton className="h-72 rounded-2xl" />}
      {query.isError && query.data === undefined && (
        <ProblemNotice error={asProblem(query.error)} onRetry={() => void query.refetch()} />
      )}
      {query.data !== undefined && endpoint === undefined && (
        <ProblemNotice error={new Problem(404, "There is no such model", { detail: "It may have been deleted." })} />
      )}
      {endpoint && (
        <>
          <p className="flex min-w-0 flex-wrap items-baseline gap-x-2.5">
            <EndpointDot standing={standing(endpoint)} />
            <span className="min-w-0 font-medium wrap-anywhere">{endpoint.name}</span>
            <span className="text-muted">{STANDING_WORDS[standing(endpoint)]}</span>
            <span className="min-w-0 wrap-anywhere text-muted">{ownModel(endpoint)}</span>
          </p>
          <Measurements key={endpoint.id} endpoint={endpoint} />
        </>
      )}
    </div>
  );
}
