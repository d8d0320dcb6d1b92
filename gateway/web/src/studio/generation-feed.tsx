import { useInfiniteQuery } from "@tanstack/react-query";
import { SlidersHorizontal } from "lucide-react";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import { jobsQuery } from "@/api/queries";
import type { Asset } from "@/api/types";
import { AssetFacts } from "@/components/asset-media/asset-facts";
import { assetSettings } from "@/components/asset-media/describe";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { Lightbox } from "@/components/lightbox/lightbox";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { mergeLive } from "@/jobs/merge";
import type { LiveJob } from "@/jobs/reducer";
import { useLiveJobs } from "@/jobs/store";
import { GenerationCard } from "./generation-card";
import { SendToMenu } from "./send-to-menu";

/** The mode's jobs as they stand: those of the catalog and, ahead of it, those the live connection tells of. */
export function useGenerations(kind: string) {
  const query = useInfiniteQuery(jobsQuery({ kind, limit: 12 }));
  const live = useLiveJobs();
  const ours = useCallback((job: LiveJob) => job.kind === kind, [kind]);
  const jobs = useMemo(
    () => mergeLive(query.data?.pages.flatMap((page) => page.items) ?? [], live, ours, !query.hasNextPage),
    [query.data, query.hasNextPage, live, ours],
  );
  return { query, jobs };
}

interface GenerationFeedProps {
  generations: ReturnType<typeof useGenerations>;
  onReuse: (settings: Record<string, unknown>) => void;
  /** Shown before there is anything. */
  empty: ReactNode;
  /** Shown of a job in place of its pictures; `onOpen` opens one over the whole screen. */
  result?: ((job: LiveJob, onOpen: (asset: Asset) => void) => ReactNode) | undefined;
}

export function GenerationFeed({ generations: { query, jobs }, onReuse, empty, result }: GenerationFeedProps) {
  const [openId, setOpenId] = useState<string | null>(null);
  const open = useCallback((asset: Asset) => setOpenId(asset.id), []);
  const assets = useMemo(() => jobs.flatMap((job) => job.outputs), [jobs]);
  const reuse = useCallback(
    (settings: Record<string, unknown>) => {
      setOpenId(null);
      onReuse(settings);
    },
    [onReuse],
  );
  return (
    <section id="results" aria-label="Results" className="grid content-start gap-4 p-4 md:p-5">
      {query.isError && jobs.length === 0 && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && jobs.length === 0 && (
        <>
          <Skeleton className="h-80 rounded-2xl" />
          <Skeleton className="h-80 rounded-2xl" />
        </>
      )}
      {query.isSuccess && jobs.length === 0 && empty}
      {jobs.map((job) => (
        <GenerationCard
          key={job.id}
          job={job}
          onReuse={reuse}
          onOpen={open}
          result={result?.(job, open)}
        />
      ))}
      {query.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show older
        </Button>
      )}
      <Lightbox
        assets={assets}
        openId={openId}
        onOpen={setOpenId}
        actions={(asset) => (
          <>
            <SendToMenu asset={asset} />
            <IconButton label="Use these settings" onClick={() => reuse(assetSettings(asset))}>
              <SlidersHorizontal />
            </IconButton>
          </>
        )}
        details={(asset) => <AssetFacts asset={asset} />}
      />
    </section>
  );
}
