import type { Asset, JobError } from "@/api/types";

/** The kind of the jobs that measure an endpoint. */
export const BENCHMARK = "chat.benchmark_endpoint";
/** The kind of jobs that bring models in. */
export const IMPORT = "diffusion.import_model";

interface EventBase {
  job_id: string;
  seq: number;
  time: string;
  kind: string;
  attempt?: number;
}

/** An entry of the journal as the gateway streams it; `gap` says that entries asked for are no longer kept. */
export type JobEvent =
  | (EventBase & { type: "queued"; position?: number })
  | (EventBase & { type: "started"; worker?: string })
  | (EventBase & {
      type: "progress";
      fraction: number;
      stage?: string;
      message?: string;
      step?: number;
      steps?: number;
      eta_s?: number | null;
    })
  | (EventBase & { type: "preview"; image: string; index?: number; step?: number })
  | (EventBase & { type: "log"; level: string; text: string })
  | (EventBase & { type: "metric"; step: number; values: Record<string, number> })
  | (EventBase & { type: "output"; asset: Asset })
  | (EventBase & { type: "paused"; reason?: string })
  | (EventBase & { type: "completed"; result?: Record<string, unknown> | null; duration_s?: number })
  | (EventBase & { type: "failed"; error: JobError })
  | (EventBase & { type: "cancelled"; reason?: string });

const TYPES: ReadonlySet<string> = new Set([
  "queued",
  "started",
  "progress",
  "preview",
  "log",
  "metric",
  "output",
  "paused",
  "completed",
  "failed",
  "cancelled",
]);

/** Read an SSE frame's data; null for types this interface does not know, which newer gateways may send. */
export function parseJobEvent(data: string): JobEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const event = value as { type?: unknown; job_id?: unknown; seq?: unknown };
  const known = typeof event.type === "string" && TYPES.has(event.type);
  return known && typeof event.job_id === "string" && typeof event.seq === "number" ? (value as JobEvent) : null;
}

export function isTerminal(status: string): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}
