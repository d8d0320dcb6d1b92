import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ImageOff } from "lucide-react";
import { type ReactNode, useCallback, useEffect } from "react";
import { asProblem } from "@/api/problem";
import { assetQuery, generateOptionsQuery, jobQuery, presetsQuery } from "@/api/queries";
import type { Asset, GenerateMode, GenerateOptions } from "@/api/types";
import { assetSettings } from "@/components/asset-media/describe";
import { EmptyState } from "@/components/empty-state/empty-state";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { ServiceWait } from "@/components/service-list/service-wait";
import { Skeleton } from "@/components/skeleton/skeleton";
import { toast } from "@/components/toast/toast-store";
import type { LiveJob } from "@/jobs/reducer";
import { seedUsed } from "./generation-card";
import { GenerationFeed, useGenerations } from "./generation-feed";
import { handedSettings } from "./handed";
import type { StudioSearch } from "./search";
import { StudioForm } from "./studio-form";
import { type StudioForm as Form, useStudioForm } from "./use-form";
import type { Errors, Values } from "./values";

/** What a mode's page is made of; everything else all modes share. */
export interface ModePageProps {
  title: string;
  /** The mode as it stands in paths, e.g. `text-to-image`. */
  name: string;
  search: StudioSearch;
  /** Where the form begins, besides the contract's defaults. */
  initial?: (options: GenerateOptions) => Values;
  /** What is said of a required field that is empty. */
  missing: Readonly<Record<string, string>>;
  /** What else must not be asked for, by field. */
  check?: (values: Values) => Errors;
  /** What the button says that starts the work. */
  action: (form: Form) => string;
  essentials: (form: Form) => ReactNode;
  settings: (form: Form, lastSeed: number | null) => ReactNode;
  /** Shown in place of results before there are any. */
  empty: (form: Form) => ReactNode;
  /** Shown of a job in place of its pictures; `onOpen` opens one over the whole screen. */
  result?: (job: LiveJob, onOpen: (asset: Asset) => void) => ReactNode;
  /** A place to work between form and results, e.g. an editor. */
  stage?: (form: Form) => ReactNode;
}

function Studio(props: ModePageProps & { options: GenerateOptions; mode: GenerateMode }) {
  const { options, mode, search, initial, missing, check, stage } = props;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const form = useStudioForm(mode, options, { initial, missing, check });
  const generations = useGenerations(mode.kind);
  const { restore, choosePreset } = form;

  useEffect(() => {
    const handed = handedSettings.get();
    if (handed?.mode !== mode.name) return;
    handedSettings.set(null);
    restore(handed.settings);
  }, [mode, restore]);

  useEffect(() => {
    const { job, asset, preset, ...given } = search;
    if (Object.values(search).every((value) => value === undefined)) return;
    const load = async () => {
      if (job !== undefined) {
        const found = await queries.fetchQuery(jobQuery(job));
        restore({
          loras: [],
          ...found.params,
          ...(found.result?.seed === undefined ? {} : { seed: Number(found.result.seed) }),
        });
      }
      if (asset !== undefined) restore({ loras: [], ...assetSettings(await queries.fetchQuery(assetQuery(asset))) });
      // A mode that takes a picture or a video takes one of them.
      restore({ ...(given.image ? { video: "" } : {}), ...(given.video ? { image: "" } : {}), ...given });
      if (preset !== undefined) {
        const found = (await queries.fetchQuery(presetsQuery)).find(({ id }) => id === preset);
        choosePreset({ id: preset, variables: {} }, found ?? null);
      }
    };
    load().catch((error: unknown) => {
      toast({ tone: "danger", title: "The settings could not be loaded", detail: asProblem(error).message });
    });
    // Taken over once: what the person changes afterwards must survive a refresh.
    void navigate({ to: ".", search: {}, replace: true });
  }, [search, navigate, queries, restore, choosePreset]);

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
        <StudioForm
          form={form}
          label="Picture settings"
          action={props.action(form)}
          essentials={props.essentials(form)}
        >
          {props.settings(form, last === undefined ? null : seedUsed(last))}
        </StudioForm>
      </div>
      <div className="relative min-w-0 grow lg:overflow-y-auto">
        {stage?.(form)}
        <GenerationFeed generations={generations} onReuse={reuse} empty={props.empty(form)} result={props.result} />
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

/** The page of a mode of generation: its form beside what came of it. */
export function ModePage(props: ModePageProps) {
  const options = useQuery(generateOptionsQuery);
  const mode = options.data?.modes.find(({ name }) => name === props.name);
  return (
    <div className="h-full">
      <h1 className="sr-only">{props.title}</h1>
      {options.data && mode && options.data.models.length > 0 ? (
        <Studio {...props} options={options.data} mode={mode} />
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
