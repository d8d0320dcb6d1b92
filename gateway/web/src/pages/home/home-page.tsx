import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { assetsQuery, endpointsQuery, jobsQuery, servicesQuery } from "@/api/queries";
import { AssetImage } from "@/components/asset-media/asset-image";
import { describeAsset } from "@/components/asset-media/describe";
import { Button } from "@/components/button/button";
import { JobProgress } from "@/components/job-progress/job-progress";
import { JobStatusBadge } from "@/components/job-status/job-status";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { expectedHealth } from "@/components/service-list/health";
import { ServiceList } from "@/components/service-list/service-list";
import { Skeleton } from "@/components/skeleton/skeleton";
import { isTerminal } from "@/jobs/events";
import { mergeLive } from "@/jobs/merge";
import { useLiveJobs } from "@/jobs/store";
import { jobTitle } from "@/jobs/title";
import { Panel } from "./panel";
import { QuickPrompt } from "./quick-prompt";

function Services() {
  const query = useQuery(servicesQuery);
  return (
    <Panel title="Services">
      {query.isPending && <Skeleton className="h-28" />}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && <ServiceList services={expectedHealth(query.data.items)} />}
    </Panel>
  );
}

/** For those who have none yet; the built-in model is always there. */
function OwnModels() {
  const { data } = useQuery(endpointsQuery);
  if (data?.items.length !== 1) return null;
  return (
    <Panel title="Bring your own model">
      <p className="text-pretty text-muted">
        Chat with what runs in LM Studio, Ollama or vLLM, or with a model in the cloud.
      </p>
      <Button asChild className="w-fit">
        <Link to="/models/new">Add a model</Link>
      </Button>
    </Panel>
  );
}

function RecentJobs() {
  const query = useInfiniteQuery(jobsQuery({ limit: 6 }));
  const live = useLiveJobs();
  const jobs = useMemo(
    () => mergeLive(query.data?.pages[0]?.items ?? [], live, () => true, false).slice(0, 6),
    [query.data, live],
  );
  return (
    <Panel title="Recent jobs" more={<Link to="/jobs">All jobs</Link>}>
      {query.isPending && jobs.length === 0 && <Skeleton className="h-40" />}
      {query.isError && jobs.length === 0 && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && jobs.length === 0 && (
        <p className="text-muted">Work that takes a while becomes a job, and shows up here while it runs.</p>
      )}
      <ul className="-mx-2 grid grid-cols-1 gap-0.5">
        {jobs.map((job) => (
          <li key={job.id}>
            <Link
              to="/jobs"
              search={{ job: job.id }}
              className="grid grid-cols-1 gap-1 rounded-lg px-2 py-2 hover:bg-hover"
            >
              <span className="flex items-center justify-between gap-3">
                <span className="truncate font-medium">{jobTitle(job)}</span>
                <JobStatusBadge status={job.status} />
              </span>
              {isTerminal(job.status) ? (
                <RelativeTime time={job.created_at} className="text-xs text-muted" />
              ) : (
                <JobProgress job={job} />
              )}
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function RecentAssets() {
  const query = useInfiniteQuery(assetsQuery({ kind: "image", limit: 8 }));
  const assets = query.data?.pages[0]?.items ?? [];
  return (
    <Panel title="Recent pictures" more={<Link to="/assets">All assets</Link>}>
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && assets.length === 0 && (
        <p className="text-muted">
          Nothing yet. Describe a picture above: it will be kept here with every setting that made it.
        </p>
      )}
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {query.isPending &&
          ["a", "b", "c", "d"].map((key) => <Skeleton key={key} className="aspect-square rounded-xl" />)}
        {assets.map((asset) => (
          <Link
            key={asset.id}
            to="/assets"
            search={{ asset: asset.id }}
            aria-label={`Open ${describeAsset(asset)}`}
            className="aspect-square overflow-hidden rounded-xl bg-sunken"
          >
            <AssetImage
              asset={asset}
              thumbnail
              className="size-full object-cover transition-transform duration-300 hover:scale-[1.03]"
            />
          </Link>
        ))}
      </div>
    </Panel>
  );
}

export default function HomePage() {
  return (
    <div className="mx-auto grid w-full max-w-6xl grid-cols-1 gap-6 p-4 md:p-8">
      <h1 className="pt-2 font-serif text-4xl leading-tight text-balance md:text-5xl">What shall we make?</h1>
      <div className="grid gap-4 lg:grid-cols-2">
        <QuickPrompt kind="picture" />
        <QuickPrompt kind="chat" />
      </div>
      <div className="grid items-start gap-4 lg:grid-cols-[1fr_22rem]">
        <div className="grid min-w-0 gap-4">
          <RecentAssets />
          <RecentJobs />
        </div>
        <div className="grid min-w-0 gap-4">
          <Services />
          <OwnModels />
        </div>
      </div>
    </div>
  );
}
