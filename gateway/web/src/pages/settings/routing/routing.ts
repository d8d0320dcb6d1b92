import type { Problem } from "@/api/problem";
import type { Endpoint, Routing } from "@/api/types";

export const EMBEDDED = "embedded";
/** As many as the server takes. */
export const MOST_FALLBACKS = 16;

export const TASKS = [
  { task: "chat", label: "Chat", about: "Whatever is none of the others." },
  { task: "code", label: "Code", about: "Projects written from a description." },
  { task: "long_context", label: "Long context", about: "Prompts above the size set below." },
  { task: "vision", label: "Vision", about: "Messages with pictures." },
  { task: "tools", label: "Tools", about: "Requests that bring functions to call." },
] as const;
export type Task = (typeof TASKS)[number]["task"];

/** Ranges and defaults of the numbers, as in `protos/atelier/v1/endpoints.proto`. */
export const LIMITS = [
  {
    name: "local_first_token_s",
    label: "First token, on this machine or network",
    unit: "seconds",
    about: "How long to wait before the next endpoint is asked.",
    minimum: 0.1,
    maximum: 600,
    default: 30,
    whole: false,
  },
  {
    name: "cloud_first_token_s",
    label: "First token, in the cloud",
    unit: "seconds",
    about: "The same for endpoints in the cloud.",
    minimum: 0.1,
    maximum: 600,
    default: 60,
    whole: false,
  },
  {
    name: "retries",
    label: "Retries",
    unit: "times",
    about: "How often a broken connection is tried again; 0 = never.",
    minimum: 0,
    maximum: 5,
    default: 1,
    whole: true,
  },
  {
    name: "cool_down_s",
    label: "Cool-down",
    unit: "seconds",
    about: "How long an endpoint that failed is passed over; 0 = not at all.",
    minimum: 0,
    maximum: 3600,
    default: 30,
    whole: false,
  },
  {
    name: "long_context_tokens",
    label: "Long context from",
    unit: "tokens",
    about: "Longer prompts follow the rule for long context.",
    minimum: 256,
    maximum: 10_000_000,
    default: 8000,
    whole: true,
  },
] as const;
export type Limit = (typeof LIMITS)[number];
export type LimitName = Limit["name"];

export interface Rule {
  /** Empty = no rule. */
  endpointId: string;
  /** Empty = the endpoint's own choice. */
  model: string;
}

/** The form; numbers are what was typed. */
export interface Draft {
  active: string;
  fallback: string[];
  rules: Record<Task, Rule>;
  limits: Record<LimitName, string>;
}

function mapped<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}

export const defaultLimits = (): Draft["limits"] =>
  mapped(
    LIMITS.map(({ name }) => name),
    (name) => String(LIMITS.find((limit) => limit.name === name)?.default),
  );

/** The form for what the server has. Of two rules for a task the first holds, and an endpoint is asked once. */
export function draftOf(routing: Routing): Draft {
  const limits = defaultLimits();
  return {
    active: routing.active || EMBEDDED,
    fallback: [...new Set(routing.fallback ?? [])],
    rules: mapped(
      TASKS.map(({ task }) => task),
      (task) => {
        const rule = routing.task_rules?.find((one) => one.task === task);
        return { endpointId: rule?.endpoint_id ?? "", model: rule?.model ?? "" };
      },
    ),
    limits: mapped(
      LIMITS.map(({ name }) => name),
      (name) => String(routing[name] ?? limits[name]),
    ),
  };
}

const ruled = (draft: Draft) => TASKS.filter(({ task }) => draft.rules[task].endpointId !== "");

/** The form as the server takes it. */
export function toRouting(draft: Draft): Routing {
  return {
    active: draft.active,
    fallback: draft.fallback,
    task_rules: ruled(draft).map(({ task }) => ({
      task,
      endpoint_id: draft.rules[task].endpointId,
      model: draft.rules[task].model.trim(),
    })),
    ...mapped(
      LIMITS.map(({ name }) => name),
      (name) => Number(draft.limits[name]),
    ),
  };
}

export function sameDraft(one: Draft, other: Draft): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What is wrong with a number; undefined if nothing is. */
export function checkLimit(limit: Limit, typed: string): string | undefined {
  const value = typed.trim() === "" ? Number.NaN : Number(typed);
  if (Number.isNaN(value)) return "Must be a number.";
  if (limit.whole && !Number.isInteger(value)) return "Must be a whole number.";
  if (value < limit.minimum || value > limit.maximum) {
    return `Must be between ${limit.minimum} and ${limit.maximum}.`;
  }
  return undefined;
}

export function checkDraft(draft: Draft): Partial<Record<LimitName, string>> {
  return Object.fromEntries(
    LIMITS.flatMap((limit) => {
      const wrong = checkLimit(limit, draft.limits[limit.name]);
      return wrong === undefined ? [] : [[limit.name, wrong]];
    }),
  );
}

/** The server's names for a task's fields in a draft as it was sent. */
export function ruleField(sent: Draft, task: Task, name: "endpoint_id" | "model"): string {
  return `task_rules.${ruled(sent).findIndex((one) => one.task === task)}.${name}`;
}

/** The fields of a problem that the form shows at a control. */
export function shownFields(problem: Problem): string[] {
  return problem.fields
    .map(({ field }) => field)
    .filter(
      (field) =>
        field === "active" ||
        /^fallback(\.\d+)?$/.test(field) ||
        /^task_rules\.\d+\.(endpoint_id|model)$/.test(field) ||
        LIMITS.some(({ name }) => name === field),
    );
}

/** A list with one entry moved by one place. */
export function moved<T>(list: readonly T[], from: number, by: 1 | -1): T[] {
  const to = from + by;
  const entry = list[from];
  if (entry === undefined || to < 0 || to >= list.length) return [...list];
  return list.with(from, list[to] as T).with(to, entry);
}

/** How an endpoint is, where something is to be said about it. */
export function standing(endpoint: Endpoint): string {
  if (!endpoint.enabled) return "switched off";
  return endpoint.health.status === "offline" || endpoint.health.status === "degraded" ? endpoint.health.status : "";
}
