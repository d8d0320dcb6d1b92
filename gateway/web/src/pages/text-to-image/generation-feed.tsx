import { useInfiniteQuery } from "@tanstack/react-query";
import { ImagePlus, SlidersHorizontal } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { jobsQuery } from "@/api/queries";
import { AssetFacts } from "@/components/asset-media/asset-facts";
import { assetSettings } from "@/components/asset-media/describe";
import { Button } from "@/components/button/button";
import { EmptyState } from "@/components/empty-state/empty-state";
import { IconButton } from "@/components/icon-button/icon-button";
import { Lightbox } from "@/components/lightbox/lightbox";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { mergeLive } from "@/jobs/merge";
import type { LiveJob } from "@/jobs/reducer";
import { useLiveJobs } from "@/jobs/store";
import { GenerationCard } from "./generation-card";

export const KIND = "diffusion.text_to_image";
const EXAMPLES = ["a red apple on a blue background", "a fox in the snow", "a butterfly at sunset"];

const ours = (job: LiveJob) => job.kind === KIND;

/** The page's jobs as they stand: those of the catalog and, ahead of it, those the live connection tells of. */
export function useGenerations() {
  const query = useInfiniteQuery(jobsQuery({ kind: KIND, limit: 12 }));
  const live = useLiveJobs();
  const jobs = useMemo(
    () => mergeLive(query.data?.pages.flatMap((page) => page.items) ?? [], live, ours, !query.hasNextPage),
    [query.data, query.hasNextPage, live],
  );
  return { query, jobs };
}

interface GenerationFeedProps {
  generations: ReturnType<typeof useGenerations>;
  onReuse: (settings: Record<string, unknown>) => void;
}

export function GenerationFeed({ generations: { query, jobs }, onReuse }: GenerationFeedProps) {
  const [openId, setOpenId] = useState<string | null>(null);
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
      {query.isSuccess && jobs.length === 0 && (
        <EmptyState
          icon={ImagePlus}
          title="Your first picture"
          action={EXAMPLES.map((prompt) => (
            <Button key={prompt} size="sm" onClick={() => onReuse({ prompt })}>
              {prompt}
            </Button>
          ))}
        >
          Describe it on the left and press <kbd className="rounded border px-1 font-sans text-xs">Ctrl Enter</kbd>. You
          will watch it come out of the noise. Or begin with one of these:
        </EmptyState>
      )}
      {jobs.map((job) => (
        <GenerationCard key={job.id} job={job} onReuse={reuse} onOpen={(asset) => setOpenId(asset.id)} />
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
          <IconButton label="Use these settings" onClick={() => reuse(assetSettings(asset))}>
            <SlidersHorizontal />
          </IconButton>
        )}
        details={(asset) => <AssetFacts asset={asset} />}
      />
    </section>
  );
}
