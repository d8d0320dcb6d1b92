import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Skeleton } from "@/components/skeleton/skeleton";
import { NotFoundPage } from "@/pages/not-found/not-found-page";
import { Layout } from "@/shell/layout";
import { STUDIO_SEARCH, type StudioSearch } from "@/studio/search";
import { RouteError } from "@/shell/route-error";

type Given = Record<string, unknown>;

/** A search parameter as text; numbers and the like, which the address bar may hold, count as their text. */
function word(given: Given, name: string): string | undefined {
  const value = given[name];
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}

function oneOf<T extends string>(given: Given, name: string, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === given[name]);
}

/** A search parameter as a day, `2026-01-31`; one that no calendar has does not count. */
function day(given: Given, name: string): string | undefined {
  const value = word(given, name);
  if (value === undefined || !/^\d{4}-\d\d-\d\d$/.test(value)) return undefined;
  const time = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value) ? value : undefined;
}

/** A search parameter as a whole number that a version could have. */
function count(given: Given, name: string, least = 1): number | undefined {
  const value = Number(word(given, name) ?? Number.NaN);
  return Number.isInteger(value) && value >= least && value < 2 ** 31 ? value : undefined;
}

/** Drop what is undefined, so that addresses stay short. */
function present<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}

interface PromptSearch {
  prompt?: string | undefined;
}

interface JobsSearch {
  job?: string | undefined;
  status?: "active" | "completed" | "failed" | "cancelled" | undefined;
  kind?: string | undefined;
}

export interface AssetsSearch {
  q?: string | undefined;
  kind?: "image" | "video" | "audio" | "text" | "file" | undefined;
  /** Several are parted by commas, which no tag has. */
  tag?: string | undefined;
  model?: string | undefined;
  source?: "generated" | "uploaded" | undefined;
  favourite?: true | undefined;
  from?: string | undefined;
  to?: string | undefined;
  board?: string | undefined;
  sort?: "newest" | "oldest" | "largest" | undefined;
  /** The asset that is looked at. */
  asset?: string | undefined;
}

interface DatasetSearch {
  /** The newest unless it is given. */
  version?: number | undefined;
}

interface ModelsSearch {
  /** The endpoint that is being changed. */
  edit?: string | undefined;
}

interface UsageSearch {
  /** The last so many days; 30 unless it or both ends are given. */
  days?: 7 | 90 | undefined;
  since?: string | undefined;
  until?: string | undefined;
  by?: "endpoint" | "day" | undefined;
  measure?: "cost" | undefined;
}

interface CodeSearch {
  /** The newest unless it is given. */
  version?: number | undefined;
  /** What changed since this version is shown; 0 = since before the first. */
  since?: number | undefined;
  view?: "raw" | undefined;
}

function studioSearch(given: Given): StudioSearch {
  return present(Object.fromEntries(STUDIO_SEARCH.map((name) => [name, word(given, name)])));
}

const root = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("@/pages/home/home-page")),
});

const chat = createRoute({
  getParentRoute: () => root,
  path: "/chat",
  validateSearch: (given: Given): PromptSearch => present({ prompt: word(given, "prompt") }),
  component: lazyRouteComponent(() => import("@/pages/chat/chat-page")),
});

const conversation = createRoute({
  getParentRoute: () => root,
  path: "/chat/$conversationId",
  component: lazyRouteComponent(() => import("@/pages/chat/chat-page")),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  component: lazyRouteComponent(() => import("@/pages/compare/compare-page")),
});

const prompts = createRoute({
  getParentRoute: () => root,
  path: "/prompts",
  component: lazyRouteComponent(() => import("@/pages/prompts/prompts-page")),
});

const presets = createRoute({
  getParentRoute: () => root,
  path: "/presets",
  component: lazyRouteComponent(() => import("@/pages/presets/presets-page")),
});

const creator = createRoute({
  getParentRoute: () => root,
  path: "/creator",
  component: lazyRouteComponent(() => import("@/pages/creator/creator-page")),
});

const codeProject = createRoute({
  getParentRoute: () => root,
  path: "/creator/$projectId",
  validateSearch: (given: Given): CodeSearch => {
    const [version, since] = [count(given, "version"), count(given, "since", 0)];
    return present({ version, ...(since === undefined ? { view: oneOf(given, "view", ["raw"]) } : { since }) });
  },
  component: lazyRouteComponent(() => import("@/pages/creator/project-page")),
});

const textToImage = createRoute({
  getParentRoute: () => root,
  path: "/text-to-image",
  validateSearch: studioSearch,
  component: lazyRouteComponent(() => import("@/pages/text-to-image/text-to-image-page")),
});

const imageToImage = createRoute({
  getParentRoute: () => root,
  path: "/image-to-image",
  validateSearch: studioSearch,
  component: lazyRouteComponent(() => import("@/pages/image-to-image/image-to-image-page")),
});

const inpaint = createRoute({
  getParentRoute: () => root,
  path: "/inpaint",
  validateSearch: studioSearch,
  component: lazyRouteComponent(() => import("@/pages/inpaint/inpaint-page")),
});

const grid = createRoute({
  getParentRoute: () => root,
  path: "/grid",
  validateSearch: studioSearch,
  component: lazyRouteComponent(() => import("@/pages/grid/grid-page")),
});

const textToVideo = createRoute({
  getParentRoute: () => root,
  path: "/text-to-video",
  validateSearch: studioSearch,
  component: lazyRouteComponent(() => import("@/pages/text-to-video/text-to-video-page")),
});

const imageToVideo = createRoute({
  getParentRoute: () => root,
  path: "/image-to-video",
  validateSearch: studioSearch,
  component: lazyRouteComponent(() => import("@/pages/image-to-video/image-to-video-page")),
});

const upscale = createRoute({
  getParentRoute: () => root,
  path: "/upscale",
  validateSearch: studioSearch,
  component: lazyRouteComponent(() => import("@/pages/upscale/upscale-page")),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  validateSearch: (given: Given): JobsSearch =>
    present({
      job: word(given, "job"),
      status: oneOf(given, "status", ["active", "completed", "failed", "cancelled"]),
      kind: word(given, "kind"),
    }),
  component: lazyRouteComponent(() => import("@/pages/jobs/jobs-page")),
});

const assets = createRoute({
  getParentRoute: () => root,
  path: "/assets",
  validateSearch: (given: Given): AssetsSearch =>
    present({
      q: word(given, "q"),
      kind: oneOf(given, "kind", ["image", "video", "audio", "text", "file"]),
      tag: word(given, "tag"),
      model: word(given, "model"),
      source: oneOf(given, "source", ["generated", "uploaded"]),
      favourite: given.favourite === true ? true : undefined,
      from: day(given, "from"),
      to: day(given, "to"),
      board: word(given, "board"),
      sort: oneOf(given, "sort", ["newest", "oldest", "largest"]),
      asset: word(given, "asset"),
    }),
  component: lazyRouteComponent(() => import("@/pages/assets/assets-page")),
});

const datasets = createRoute({
  getParentRoute: () => root,
  path: "/datasets",
  component: lazyRouteComponent(() => import("@/pages/datasets/datasets-page")),
});

const dataset = createRoute({
  getParentRoute: () => root,
  path: "/datasets/$datasetId",
  validateSearch: (given: Given): DatasetSearch => present({ version: count(given, "version") }),
  component: lazyRouteComponent(() => import("@/pages/datasets/dataset-page")),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  validateSearch: (given: Given): ModelsSearch => present({ edit: word(given, "edit") }),
  component: lazyRouteComponent(() => import("@/pages/models/models-page")),
});

const registry = createRoute({
  getParentRoute: () => root,
  path: "/models/images",
  component: lazyRouteComponent(() => import("@/pages/registry/registry-page")),
});

const newModel = createRoute({
  getParentRoute: () => root,
  path: "/models/new",
  component: lazyRouteComponent(() => import("@/pages/models/new-endpoint-page")),
});

const endpointSpeed = createRoute({
  getParentRoute: () => root,
  path: "/models/$endpointId",
  component: lazyRouteComponent(() => import("@/pages/models/speed/speed-page")),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/pages/settings/settings-page")),
});

const settingsRouting = createRoute({
  getParentRoute: () => root,
  path: "/settings/routing",
  component: lazyRouteComponent(() => import("@/pages/settings/routing/routing-page")),
});

const usage = createRoute({
  getParentRoute: () => root,
  path: "/usage",
  validateSearch: (given: Given): UsageSearch => {
    const [since, until] = [day(given, "since"), day(given, "until")];
    const days = ([7, 90] as const).find((count) => String(count) === word(given, "days"));
    return present({
      ...(since && until ? { since, until } : { days }),
      by: oneOf(given, "by", ["endpoint", "day"]),
      measure: oneOf(given, "measure", ["cost"]),
    });
  },
  component: lazyRouteComponent(() => import("@/pages/usage/usage-page")),
});

function PagePending() {
  return (
    <div className="mx-auto grid w-full max-w-6xl gap-4 p-6">
      <Skeleton className="h-10 w-56" />
      <Skeleton className="h-64" />
    </div>
  );
}

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    chat,
    conversation,
    compare,
    prompts,
    presets,
    creator,
    codeProject,
    textToImage,
  imageToImage,
  inpaint,
    grid,
    textToVideo,
    imageToVideo,
    upscale,
    jobs,
    assets,
    datasets,
    dataset,
    models,
    registry,
    newModel,
    endpointSpeed,
    usage,
    settings,
    settingsRouting,
  ]),
  defaultPreload: "intent",
  defaultErrorComponent: RouteError,
  defaultPendingComponent: PagePending,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
