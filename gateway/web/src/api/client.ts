import * as sdk from "@/client";
import { client } from "@/client/client.gen";
import { send } from "./http";
import type {
  AssetBulk,
  AssetChange,
  BoardChange,
  Comparison,
  CodeRefine,
  CodeRequest,
  ConversationChange,
  DatasetChange,
  EndpointChange,
  Job,
  JobStatus,
  MessageRequest,
  ModelChange,
  NewEndpoint,
  EnhanceRequest,
  NewPreset,
  NewModel,
  NewPrompt,
  PresetChange,
  Prices,
  PromptChange,
  RatedDataset,
  RegisteredModel,
  Routing,
  TriedEndpoint,
} from "./types";

// One way out for every request: `send` adds the token and throws problems, which the generated client passes on.
client.setConfig({ baseUrl: "", fetch: send });

/** As much of a prompt as completion looks at. */
const LONGEST_COMPLETED = 2000;
const thrown = { throwOnError: true } as const;
const data = async <T>(answer: Promise<{ data: T }>): Promise<T> => (await answer).data;

export interface JobFilter {
  status?: readonly JobStatus[];
  kind?: string;
  limit?: number;
  cursor?: string | undefined;
}

export interface AssetFilter {
  q?: string;
  kind?: string;
  tag?: string[];
  model?: string;
  board_id?: string;
  favourite?: boolean;
  from?: string;
  to?: string;
  source?: "generated" | "uploaded";
  sort?: "newest" | "oldest" | "largest" | "added";
  limit?: number;
  cursor?: string | undefined;
}

export interface ConversationFilter {
  q?: string;
  limit?: number;
  cursor?: string | undefined;
}

export interface PromptFilter {
  q?: string;
  limit?: number;
  cursor?: string | undefined;
}

export interface DatasetFilter {
  q?: string;
  limit?: number;
  cursor?: string | undefined;
}

export interface DatasetItemFilter {
  version: number;
  limit?: number;
  cursor?: string | undefined;
}

export interface ModelFilter {
  kind?: NonNullable<RegisteredModel["kind"]> | undefined;
  family?: string | undefined;
  q?: string;
  limit?: number;
  cursor?: string | undefined;
}

export interface BenchmarkFilter {
  limit?: number;
  cursor?: string | undefined;
}

export interface CodeFilter {
  q?: string;
  limit?: number;
  cursor?: string | undefined;
}

const ACTIONS = { cancel: sdk.cancelJob, pause: sdk.pauseJob, resume: sdk.resumeJob, retry: sdk.retryJob };

const MODEL_ACTIONS = {
  load: sdk.loadModel,
  unload: sdk.unloadModel,
  pin: sdk.pinModel,
  unpin: sdk.unpinModel,
  retry: sdk.retryModel,
};

const stream = (path: string, body: object, signal: AbortSignal) =>
  send(path, {
    method: "POST",
    body: JSON.stringify(body),
    signal,
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
  });

/** Every request the interface makes, by what it is for. Failures are thrown as `Problem`. */
export const api = {
  services: () => data(sdk.listServices(thrown)),
  health: () => data(sdk.health(thrown)),
  generateOptions: () => data(sdk.generationOptions(thrown)),

  /** Any mode of generation; the server checks the request against the mode's own contract. */
  generate: (mode: string, request: object, idempotencyKey: string) =>
    data(
      client.post<{ 202: Job }, unknown, true>({
        ...thrown,
        url: `/api/generate/${mode}`,
        body: request,
        headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
      }),
    ),

  jobs: ({ status, ...query }: JobFilter) =>
    data(sdk.listJobs({ ...thrown, query: { ...query, ...(status ? { status: [...status] } : {}) } })),
  job: (id: string) => data(sdk.getJob({ ...thrown, path: { job_id: id } })),
  jobAction: (id: string, action: keyof typeof ACTIONS) => data(ACTIONS[action]({ ...thrown, path: { job_id: id } })),
  jobPriority: (id: string, priority: 0 | 1) =>
    data(sdk.updateJob({ ...thrown, path: { job_id: id }, body: { priority } })),

  assets: (query: AssetFilter) => data(sdk.listAssets({ ...thrown, query })),
  asset: (id: string) => data(sdk.getAsset({ ...thrown, path: { asset_id: id } })),
  deleteAsset: (id: string) => data(sdk.deleteAsset({ ...thrown, path: { asset_id: id } })),
  changeAsset: (id: string, body: AssetChange) => data(sdk.updateAsset({ ...thrown, path: { asset_id: id }, body })),
  changeAssets: (body: AssetBulk) => data(sdk.changeAssets({ ...thrown, body })),
  assetBoards: (id: string) => data(sdk.listAssetBoards({ ...thrown, path: { asset_id: id } })),
  assetLabels: () => data(sdk.assetLabels(thrown)),
  assetStatistics: () => data(sdk.assetStatistics(thrown)),
  inspectFile: (file: File) => data(sdk.inspectFile({ ...thrown, body: { files: file } })),
  /** Assets as one zip. */
  downloadAssets: (ids: readonly string[]) =>
    send("/api/assets/download", {
      method: "POST",
      body: JSON.stringify({ ids }),
      headers: { "Content-Type": "application/json" },
    }).then((answer) => answer.blob()),
  boards: () => data(sdk.listBoards(thrown)),
  createBoard: (name: string) => data(sdk.createBoard({ ...thrown, body: { name } })),
  changeBoard: (id: string, body: BoardChange) => data(sdk.updateBoard({ ...thrown, path: { board_id: id }, body })),
  deleteBoard: (id: string) => data(sdk.deleteBoard({ ...thrown, path: { board_id: id } })),
  uploadAssets: (files: readonly File[]) => data(sdk.uploadAssets({ ...thrown, body: { files: [...files] } })),

  models: (query: ModelFilter) => data(sdk.listRegisteredModels({ ...thrown, query })),
  modelStatistics: () => data(sdk.modelStatistics(thrown)),
  registerModel: (body: NewModel) => data(sdk.registerModel({ ...thrown, body })),
  changeModel: (id: string, body: ModelChange) => data(sdk.updateModel({ ...thrown, path: { model_id: id }, body })),
  deleteModel: (id: string) => data(sdk.deleteModel({ ...thrown, path: { model_id: id } })),
  modelAction: (id: string, action: keyof typeof MODEL_ACTIONS) =>
    data(MODEL_ACTIONS[action]({ ...thrown, path: { model_id: id } })),

  conversations: (query: ConversationFilter) => data(sdk.listConversations({ ...thrown, query })),
  conversation: (id: string) => data(sdk.getConversation({ ...thrown, path: { conversation_id: id } })),
  createConversation: (body: ConversationChange) => data(sdk.createConversation({ ...thrown, body })),
  changeConversation: (id: string, body: ConversationChange) =>
    data(sdk.updateConversation({ ...thrown, path: { conversation_id: id }, body })),
  deleteConversation: (id: string) => data(sdk.deleteConversation({ ...thrown, path: { conversation_id: id } })),

  rateMessage: (id: string, messageId: string, rating: -1 | 1 | null) =>
    data(sdk.rateMessage({ ...thrown, path: { conversation_id: id, message_id: messageId }, body: { rating } })),
  ratings: () => data(sdk.getRatings(thrown)),
  /** A file; a branch of the conversation ends with the message `leaf`. */
  exportConversation: (id: string, format: "markdown" | "json", leaf: string | undefined) =>
    send(`/api/conversations/${encodeURIComponent(id)}/export?${new URLSearchParams({ format, ...(leaf ? { leaf } : {}) })}`),

  prompts: (query: PromptFilter) => data(sdk.listPrompts({ ...thrown, query })),
  createPrompt: (body: NewPrompt) => data(sdk.createPrompt({ ...thrown, body })),
  changePrompt: (id: string, body: PromptChange) => data(sdk.updatePrompt({ ...thrown, path: { prompt_id: id }, body })),
  deletePrompt: (id: string) => data(sdk.deletePrompt({ ...thrown, path: { prompt_id: id } })),

  presets: () => data(sdk.listPresets(thrown)),
  createPreset: (body: NewPreset) => data(sdk.createPreset({ ...thrown, body })),
  changePreset: (id: string, body: PresetChange) => data(sdk.updatePreset({ ...thrown, path: { preset_id: id }, body })),
  deletePreset: (id: string) => data(sdk.deletePreset({ ...thrown, path: { preset_id: id } })),
  /** A document out of a file; the server says what is wrong with it. */
  importPresets: (document: unknown) =>
    data(sdk.importPresets({ ...thrown, body: document as sdk.ImportPresetsData["body"] })),
  exportPresets: (ids: readonly string[]) =>
    data(sdk.exportPresets({ ...thrown, query: ids.length > 0 ? { ids: [...ids] } : {} })),

  completePrompt: (q: string, signal: AbortSignal) =>
    data(sdk.autocompletePrompt({ ...thrown, query: { q: q.slice(-LONGEST_COMPLETED), limit: 8 }, signal })),
  suggestionCategories: () => data(sdk.listSuggestionCategories(thrown)),
  suggestions: (category: string) => data(sdk.listSuggestions({ ...thrown, path: { category } })),
  enhancePrompt: (body: EnhanceRequest) => data(sdk.enhancePrompt({ ...thrown, body })),
  randomPrompts: (kind: "image" | "video", count: number) =>
    data(sdk.randomPrompts({ ...thrown, query: { kind, count } })),
  learned: () => data(sdk.getLearned(thrown)),
  forgetLearned: () => data(sdk.forgetLearned(thrown)),

  datasets: (query: DatasetFilter) => data(sdk.listDatasets({ ...thrown, query })),
  dataset: (id: string) => data(sdk.getDataset({ ...thrown, path: { dataset_id: id } })),
  createDatasetFromRatings: (body: RatedDataset) => data(sdk.createDatasetFromRatings({ ...thrown, body })),
  changeDataset: (id: string, body: DatasetChange) =>
    data(sdk.updateDataset({ ...thrown, path: { dataset_id: id }, body })),
  deleteDataset: (id: string) => data(sdk.deleteDataset({ ...thrown, path: { dataset_id: id } })),
  datasetVersions: (id: string) => data(sdk.listDatasetVersions({ ...thrown, path: { dataset_id: id } })),
  datasetItems: (id: string, query: DatasetItemFilter) =>
    data(sdk.listDatasetItems({ ...thrown, path: { dataset_id: id }, query })),
  datasetStatistics: (id: string, version: number) =>
    data(sdk.getDatasetStatistics({ ...thrown, path: { dataset_id: id }, query: { version } })),
  exportDataset: (id: string, version: number) =>
    send(`/api/datasets/${encodeURIComponent(id)}/export?version=${version}`).then((answer) => answer.blob()),

  endpoints: () => data(sdk.listEndpoints(thrown)),
  createEndpoint: (body: NewEndpoint) => data(sdk.createEndpoint({ ...thrown, body })),
  changeEndpoint: (id: string, body: EndpointChange) =>
    data(sdk.updateEndpoint({ ...thrown, path: { endpoint_id: id }, body })),
  deleteEndpoint: (id: string) => data(sdk.deleteEndpoint({ ...thrown, path: { endpoint_id: id } })),
  activateEndpoint: (id: string) => data(sdk.activateEndpoint({ ...thrown, path: { endpoint_id: id } })),
  testEndpoint: (id: string) => data(sdk.testEndpoint({ ...thrown, path: { endpoint_id: id } })),
  tryEndpoint: (body: TriedEndpoint) => data(sdk.tryEndpoint({ ...thrown, body })),
  endpointHealth: (id: string) => data(sdk.getEndpointHealth({ ...thrown, path: { endpoint_id: id } })),
  discoverEndpoints: () => data(sdk.discoverEndpoints(thrown)),
  /** Measures how quickly an endpoint answers; a job. */
  benchmark: (id: string, idempotencyKey: string) =>
    data(
      sdk.benchmarkEndpoint({
        ...thrown,
        path: { endpoint_id: id },
        body: {},
        headers: { "Idempotency-Key": idempotencyKey },
      }),
    ),
  benchmarks: (id: string, query: BenchmarkFilter) =>
    data(sdk.listBenchmarks({ ...thrown, path: { endpoint_id: id }, query })),
  routing: () => data(sdk.getRouting(thrown)),
  setRouting: (body: Routing) => data(sdk.setRouting({ ...thrown, body })),

  usage: (since: string, until: string) => data(sdk.getUsage({ ...thrown, query: { since, until } })),
  prices: () => data(sdk.listPrices(thrown)),
  setPrices: (body: Prices) => data(sdk.setPrices({ ...thrown, body })),

  codeOptions: () => data(sdk.getCodeOptions(thrown)),
  codeProjects: (query: CodeFilter) => data(sdk.listCode({ ...thrown, query })),
  /** A project as it stood after a version; null = the newest. */
  codeProject: (id: string, version: number | null) =>
    data(sdk.getCode({ ...thrown, path: { code_id: id }, query: version === null ? {} : { version } })),
  deleteCode: (id: string) => data(sdk.deleteCode({ ...thrown, path: { code_id: id } })),
  codeChanges: (id: string, since: number, until: number) =>
    data(sdk.diffCode({ ...thrown, path: { code_id: id }, query: { since, until } })),
  downloadCode: (id: string, version: number) =>
    send(`/api/code/${encodeURIComponent(id)}/download?version=${version}`).then((answer) => answer.blob()),
  /** Has a project written; the answer's body is the event stream, read with `frames`. */
  generateCode: (request: CodeRequest, signal: AbortSignal) => stream("/api/code/generate", request, signal),
  /** The same for a new version of a project that is there. */
  refineCode: (id: string, request: CodeRefine, signal: AbortSignal) =>
    stream(`/api/code/${encodeURIComponent(id)}/refine`, request, signal),

  /** Asks the model; the answer's body is the event stream, read with `frames`. */
  postMessage: (id: string, request: MessageRequest, signal: AbortSignal) =>
    stream(`/api/conversations/${encodeURIComponent(id)}/messages`, request, signal),
  /** Asks several models; the answer's body is the stream of all their answers. */
  compare: (request: Comparison, signal: AbortSignal) => stream("/api/chat/compare", request, signal),
};
