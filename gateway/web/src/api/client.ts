import { send } from "./http";
import type {
  Asset,
  ChatModel,
  Conversation,
  ConversationChange,
  ConversationDetail,
  GenerateOptions,
  Job,
  JobStatus,
  MessageRequest,
  Page,
  ServiceState,
  TextToImage,
} from "./types";

type Query = Record<string, string | number | undefined | null | readonly string[]>;

function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null && item !== "") search.append(name, String(item));
    }
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

const json = async <T>(path: string, init?: RequestInit): Promise<T> => (await send(path, init)).json() as Promise<T>;

const withBody = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

const part = encodeURIComponent;

export interface JobFilter {
  status?: readonly JobStatus[];
  kind?: string;
  limit?: number;
  cursor?: string | null;
}

export interface AssetFilter {
  kind?: string;
  limit?: number;
  cursor?: string | null;
}

export interface ConversationFilter {
  q?: string;
  limit?: number;
  cursor?: string | null;
}

/** Every request the interface makes, typed, in one place. Failures are thrown as `Problem`. */
export const api = {
  services: () => json<{ items: ServiceState[] }>("/api/monitoring/services"),
  health: () => json<{ status: string; app: string; version: string }>("/health"),
  chatModels: () => json<{ data: ChatModel[] }>("/v1/models"),
  generateOptions: () => json<GenerateOptions>("/api/generate/options"),

  textToImage: (request: TextToImage, idempotencyKey: string) =>
    json<Job>("/api/generate/text-to-image", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
      body: JSON.stringify(request),
    }),

  jobs: ({ status, kind, limit, cursor }: JobFilter) =>
    json<Page<Job>>(withQuery("/api/jobs", { status, kind, limit, cursor })),
  job: (id: string) => json<Job>(`/api/jobs/${part(id)}`),
  jobAction: (id: string, action: "cancel" | "pause" | "resume" | "retry") =>
    json<Job>(`/api/jobs/${part(id)}/${action}`, { method: "POST" }),
  jobPriority: (id: string, priority: 0 | 1) => json<Job>(`/api/jobs/${part(id)}`, withBody("PATCH", { priority })),

  assets: ({ kind, limit, cursor }: AssetFilter) =>
    json<Page<Asset>>(withQuery("/api/assets", { kind, limit, cursor })),
  asset: (id: string) => json<Asset>(`/api/assets/${part(id)}`),
  deleteAsset: (id: string) => send(`/api/assets/${part(id)}`, { method: "DELETE" }),
  uploadAssets: (files: readonly File[]) => {
    const body = new FormData();
    for (const file of files) body.append("files", file);
    return json<{ items: Asset[] }>("/api/assets/upload", { method: "POST", body });
  },

  conversations: ({ q, limit, cursor }: ConversationFilter) =>
    json<Page<Conversation>>(withQuery("/api/conversations", { q, limit, cursor })),
  conversation: (id: string) => json<ConversationDetail>(`/api/conversations/${part(id)}`),
  createConversation: (change: ConversationChange) =>
    json<ConversationDetail>("/api/conversations", withBody("POST", change)),
  changeConversation: (id: string, change: ConversationChange) =>
    json<Conversation>(`/api/conversations/${part(id)}`, withBody("PATCH", change)),
  deleteConversation: (id: string) => send(`/api/conversations/${part(id)}`, { method: "DELETE" }),
  postMessage: (id: string, request: MessageRequest, signal: AbortSignal) =>
    send(`/api/conversations/${part(id)}/messages`, {
      ...withBody("POST", request),
      signal,
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    }),
};
