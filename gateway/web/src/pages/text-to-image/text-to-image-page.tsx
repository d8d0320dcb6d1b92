import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ImageOff } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { assetQuery, generateOptionsQuery, jobQuery } from "@/api/queries";
import type { GenerateOptions } from "@/api/types";
import { assetSettings } from "@/components/asset-media/describe";
import { EmptyState } from "@/components/empty-state/empty-state";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { ServiceWait } from "@/components/service-list/service-wait";
import { Skeleton } from "@/components/skeleton/skeleton";
import { toast } from "@/components/toast/toast-store";
import { jobStore } from "@/jobs/store";
import { uniqueKey } from "@/lib/unique-key";
import { seedUsed } from "./generation-card";
import { GenerationFeed, useGenerations } from "./generation-feed";
import { toRequest } from "./settings";
import { SettingsForm } from "./settings-form";
import { useSettings } from "./use-settings";

const route = getRouteApi("/text-to-image");

function Studio({ options }: { options: GenerateOptions }) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { settings, change, restore, reset } = useSettings(options);
  const generations = useGenerations();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    const { prompt, job, asset } = search;
    if (prompt === undefined && job === undefined && asset === undefined) return;
    const load = async () => {
      if (job !== undefined) {
        const found = await queries.fetchQuery(jobQuery(job));
        restore({
          ...found.params,
          ...(found.result?.seed === undefined ? {} : { seed: Number(found.result.seed) }),
        });
      }
      if (asset !== undefined) restore(assetSettings(await queries.fetchQuery(assetQuery(asset))));
      if (prompt !== undefined) restore({ prompt });
    };
    load().catch((error: unknown) => {
      toast({ tone: "danger", title: "The settings could not be loaded", detail: asProblem(error).message });
    });
    // Taken over once: what the person changes afterwards must survive a refresh.
    void navigate({ to: "/text-to-image", search: {}, replace: true });
  }, [search, navigate, queries, restore]);

  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const job = await api.textToImage(toRequest(settings), uniqueKey());
      jobStore.snapshot([job]);
      // Where the results stand below the form, they would come without being seen.
      if (matchMedia("(width < 64rem)").matches) document.querySelector("#results")?.scrollIntoView({ block: "start" });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  const reuse = useCallback(
    (given: Record<string, unknown>) => {
      restore(given);
      document.querySelector("#content")?.scrollTo({ top: 0 });
    },
    [restore],
  );
  const last = generations.jobs.find((job) => seedUsed(job) !== null);
  return (
    <div className="flex flex-col lg:h-full lg:flex-row">
      <div className="shrink-0 border-b bg-surface lg:w-96 lg:border-r lg:border-b-0">
        <SettingsForm
          options={options}
          settings={settings}
          onChange={change}
          onReset={reset}
          onSubmit={() => void submit()}
          busy={busy}
          problem={problem}
          lastSeed={last === undefined ? null : seedUsed(last)}
        />
      </div>
      <div className="relative min-w-0 grow lg:overflow-y-auto">
        <GenerationFeed generations={generations} onReuse={reuse} />
      </div>
    </div>
  );
}

function Waiting() {
  return (
    <EmptyState icon={ImageOff} title="The image service is not ready yet">
      <p>This page opens by itself as soon as it answers.</p>
      <p className="mt-3">
        <ServiceWait name="diffusion" otherwise="Its model is being loaded." />
      </p>
    </EmptyState>
  );
}

export default function TextToImagePage() {
  const options = useQuery(generateOptionsQuery);
  return (
    <div className="h-full">
      <h1 className="sr-only">Text to Image</h1>
      {options.data && options.data.models.length > 0 ? (
        <Studio options={options.data} />
      ) : options.data || asProblem(options.error).status === 503 ? (
        <Waiting />
      ) : options.isError ? (
        <ProblemNotice error={options.error} onRetry={() => void options.refetch()} className="m-6" />
      ) : (
        <div className="grid gap-4 p-5 lg:grid-cols-[24rem_1fr]">
          <Skeleton className="h-[70dvh]" />
          <Skeleton className="h-80" />
        </div>
      )}
    </div>
  );
}
