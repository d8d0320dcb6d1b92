/** The gateway's resources as the interface uses them. */

export type JobStatus = "pending" | "running" | "paused" | "completed" | "failed" | "cancelled";

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Asset {
  id: string;
  job_id: string | null;
  kind: string;
  /** File name of an upload; empty for what a job made. */
  name: string;
  content_type: string;
  size: number;
  sha256: string;
  /** Pixels; 0 if it has none. */
  width: number;
  height: number;
  index: number;
  provenance: Record<string, unknown>;
  created_at: string;
  content_url: string;
  thumbnail_url: string | null;
}

export interface JobError {
  code: string;
  message: string;
  hint: string;
}

export interface Job {
  id: string;
  kind: string;
  status: JobStatus;
  progress: number;
  stage: string;
  message: string;
  position: number | null;
  eta_s: number | null;
  params: Record<string, unknown>;
  outputs: Asset[];
  result: Record<string, unknown> | null;
  error: JobError | null;
  attempts: number;
  priority: number;
  retry_of: string | null;
  project_id: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  trace_id: string | null;
}

export type Role = "user" | "assistant";
export type MessageStatus = "complete" | "stopped" | "failed" | "streaming";

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface Message {
  id: string;
  parent_id: string | null;
  role: Role;
  content: string;
  /** The model that wrote it; empty for the user's own. */
  model: string;
  status: MessageStatus;
  created_at: string;
  usage: Usage | null;
  latency_ms: number | null;
  error: JobError | null;
}

export interface Conversation {
  id: string;
  title: string;
  /** Empty = the active model. */
  model: string;
  system_prompt: string;
  created_at: string;
  updated_at: string;
  message_count: number;
}

export interface ConversationDetail extends Conversation {
  messages: Message[];
}

export interface ConversationChange {
  title?: string;
  model?: string;
  system_prompt?: string;
}

export interface MessageRequest {
  content?: string;
  parent_id?: string | null;
  model?: string;
  temperature?: number;
  max_tokens?: number;
}

export interface ServiceState {
  name: string;
  instance: string;
  state: "starting" | "ready" | "draining" | "failed";
  detail: string;
  since: string;
}

export interface ChatModel {
  id: string;
  owned_by?: string;
  atelier?: { endpoint?: string; task?: string; status?: string; context_length?: number };
}

export interface FieldLimit {
  minimum?: number | null;
  maximum?: number | null;
  multiple_of?: number | null;
  min_length?: number | null;
  max_length?: number | null;
  default?: unknown;
}

export interface DiffusionModel {
  name: string;
  status: string;
  native_size: number;
  hash: string;
  source: string;
  device: string;
  error?: string;
}

export interface GenerateOptions {
  /** False while no diffusion service answers; `models` is empty then. */
  available: boolean;
  models: DiffusionModel[];
  samplers: { name: string; label: string }[];
  sizes: { label: string; width: number; height: number }[];
  formats: string[];
  limits: Record<string, FieldLimit>;
}

export interface TextToImage {
  prompt: string;
  negative_prompt: string;
  model: string;
  width: number;
  height: number;
  steps: number;
  cfg_scale: number;
  seed: number;
  sampler: string;
  count: number;
  format: string;
}
