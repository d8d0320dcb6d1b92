import { infiniteQueryOptions, queryOptions, useQuery } from "@tanstack/react-query";
import { expectedHealth, overallHealth } from "@/components/service-list/health";
import { type AssetFilter, api, type JobFilter, type ModelFilter } from "./client";
import { Problem } from "./problem";
import type { Page } from "./types";

const nextCursor = <T>(page: Page<T>) => page.next_cursor;

/** Retry only what may pass, and not for long: an error on the screen says more than a spinner. */
export function shouldRetry(failures: number, error: Error): boolean {
  return error instanceof Problem && error.passing && failures < 3;
}

export const servicesQuery = queryOptions({
  queryKey: ["services"],
  queryFn: api.services,
  // Warming up is watched closely; a settled stack is only glanced at.
  refetchInterval: (query) => (overallHealth(expectedHealth(query.state.data?.items ?? [])) === "ready" ? 15_000 : 2_500),
});

/** Whether the service that knows the language models is still on its way. */
export function useChatWarming(): boolean {
  const { data } = useQuery(servicesQuery);
  return data !== undefined && !data.items.some(({ name, state }) => name === "chat" && state === "ready");
}

export const generateOptionsQuery = queryOptions({
  queryKey: ["generate-options"],
  queryFn: api.generateOptions,
  staleTime: 60_000,
  refetchInterval: (query) => (query.state.status === "error" || query.state.data?.models.length === 0 ? 4_000 : false),
});

/** How the endpoints are; the embedded one comes first. Everything under this key is asked for anew when one changes. */
export const endpointsQuery = queryOptions({
  queryKey: ["endpoints", "list"],
  queryFn: api.endpoints,
  refetchInterval: 10_000,
});

/** How an endpoint was; asked for once per look at it. */
export const endpointHealthQuery = (id: string, checkedAt: string | null) =>
  queryOptions({
    queryKey: ["endpoint-health", id, checkedAt],
    queryFn: () => api.endpointHealth(id),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: (previous) => previous,
  });

/** The measurements of an endpoint, which are jobs; newest first. */
export const benchmarksQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["jobs", "benchmarks", id],
    queryFn: ({ pageParam }) => api.benchmarks(id, { limit: 10, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
  });

/** Models that make pictures; those on their way are looked at more often. */
export const modelsQuery = (filter: Omit<ModelFilter, "cursor">) =>
  infiniteQueryOptions({
    queryKey: ["models", "list", filter],
    queryFn: ({ pageParam }) => api.models({ ...filter, limit: 60, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
    refetchInterval: (query) => {
      const models = query.state.data?.pages.flatMap((page) => page.items) ?? [];
      return models.some(({ status }) => status === "downloading" || status === "loading") ? 1_500 : 5_000;
    },
  });

export const modelStatsQuery = queryOptions({
  queryKey: ["models", "statistics"],
  queryFn: api.modelStatistics,
  refetchInterval: 5_000,
});

export const routingQuery = queryOptions({ queryKey: ["endpoints", "routing"], queryFn: api.routing });

export const discoveredQuery = queryOptions({
  queryKey: ["endpoints", "discovered"],
  queryFn: api.discoverEndpoints,
  staleTime: 10_000,
});

export const jobsQuery = (filter: Omit<JobFilter, "cursor">) =>
  infiniteQueryOptions({
    queryKey: ["jobs", filter],
    queryFn: ({ pageParam }) => api.jobs({ ...filter, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
  });

export const jobQuery = (id: string) => queryOptions({ queryKey: ["job", id], queryFn: () => api.job(id) });

export const assetsQuery = (filter: Omit<AssetFilter, "cursor">) =>
  infiniteQueryOptions({
    queryKey: ["assets", filter],
    queryFn: ({ pageParam }) => api.assets({ ...filter, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
  });

/** Tags and models to filter assets by. */
export const assetLabelsQuery = queryOptions({ queryKey: ["assets", "labels"], queryFn: api.assetLabels });

export const assetStatisticsQuery = queryOptions({ queryKey: ["assets", "statistics"], queryFn: api.assetStatistics });

export const boardsQuery = queryOptions({ queryKey: ["boards"], queryFn: api.boards });

export const assetBoardsQuery = (id: string) =>
  queryOptions({ queryKey: ["boards", "of", id], queryFn: () => api.assetBoards(id) });

export const assetQuery = (id: string) => queryOptions({ queryKey: ["asset", id], queryFn: () => api.asset(id) });

export const conversationsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["conversations", q],
    queryFn: ({ pageParam }) => api.conversations({ q, limit: 30, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
  });

export const conversationQuery = (id: string) =>
  queryOptions({ queryKey: ["conversation", id], queryFn: () => api.conversation(id) });

export const promptsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["prompts", q],
    queryFn: ({ pageParam }) => api.prompts({ q, limit: 50, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
  });

export const presetsQuery = queryOptions({ queryKey: ["presets"], queryFn: api.presets, staleTime: 60_000 });

export const suggestionCategoriesQuery = queryOptions({
  queryKey: ["suggestion-categories"],
  queryFn: api.suggestionCategories,
  staleTime: Number.POSITIVE_INFINITY,
});

export const suggestionsQuery = (category: string) =>
  queryOptions({
    queryKey: ["suggestions", category],
    queryFn: () => api.suggestions(category),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What the end of a text may become; a question that another one has overtaken is given up. */
export const completionsQuery = (text: string) =>
  queryOptions({
    queryKey: ["completions", text],
    queryFn: ({ signal }) => api.completePrompt(text, signal),
    staleTime: 10_000,
    gcTime: 30_000,
    retry: false,
  });

export const learnedQuery = queryOptions({ queryKey: ["learned"], queryFn: api.learned });

/** How many answers were rated, and the dataset they are in. */
export const ratingsQuery = queryOptions({ queryKey: ["ratings"], queryFn: api.ratings });

export const datasetsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["datasets", q],
    queryFn: ({ pageParam }) => api.datasets({ q, limit: 30, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
  });

/** A dataset. Everything of one is under `["dataset", id]`. */
export const datasetQuery = (id: string) => queryOptions({ queryKey: ["dataset", id], queryFn: () => api.dataset(id) });

export const datasetVersionsQuery = (id: string) =>
  queryOptions({ queryKey: ["dataset", id, "versions"], queryFn: () => api.datasetVersions(id) });

/** Figures of one version; versions do not change. */
export const datasetStatisticsQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ["dataset", id, "statistics", version],
    queryFn: () => api.datasetStatistics(id, version),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const datasetItemsQuery = (id: string, version: number) =>
  infiniteQueryOptions({
    queryKey: ["dataset", id, "items", version],
    queryFn: ({ pageParam }) => api.datasetItems(id, { version, limit: 20, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const usageQuery = (since: string, until: string) =>
  queryOptions({
    queryKey: ["usage", since, until],
    queryFn: () => api.usage(since, until),
    refetchInterval: 30_000,
  });

export const pricesQuery = queryOptions({ queryKey: ["prices"], queryFn: api.prices });

export const codeOptionsQuery = queryOptions({
  queryKey: ["code-options"],
  queryFn: api.codeOptions,
  staleTime: 600_000,
});

export const codeProjectsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["code-projects", q],
    queryFn: ({ pageParam }) => api.codeProjects({ q, limit: 20, cursor: pageParam ?? undefined }),
    initialPageParam: null as string | null,
    getNextPageParam: nextCursor,
  });

/** A project of code after a version; null = the newest. Everything of one project is under `["code", id]`. */
export const codeProjectQuery = (id: string, version: number | null) =>
  queryOptions({ queryKey: ["code", id, "version", version], queryFn: () => api.codeProject(id, version) });

/** What one version did to another; versions do not change. */
export const codeChangesQuery = (id: string, since: number, until: number) =>
  queryOptions({
    queryKey: ["code", id, "changes", since, until],
    queryFn: () => api.codeChanges(id, since, until),
    staleTime: Number.POSITIVE_INFINITY,
  });
