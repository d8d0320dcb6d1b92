import type { UsageItem } from "@/api/types";
import { named } from "@/lib/format";
import { longDay } from "./range";

/** What some answers used, added up. */
export interface Sum {
  requests: number;
  failed: number;
  cached: number;
  estimated: number;
  prompt_tokens: number;
  completion_tokens: number;
  /** US dollars of what has a price; null = nothing has one. */
  cost: number | null;
  /** True if some of it has no price, so that it cost more than `cost`. */
  unpriced: boolean;
  /** Mean time of an answer; null = all were kept from before. */
  latency_ms: number | null;
}

export interface Group extends Sum {
  key: string;
  label: string;
  /** What tells it from others of the same label. */
  note: string;
}

export type By = "model" | "endpoint" | "day";

const COUNTS = ["requests", "failed", "cached", "estimated", "prompt_tokens", "completion_tokens"] as const;

export function sum(items: readonly UsageItem[]): Sum {
  const total: Sum = {
    requests: 0,
    failed: 0,
    cached: 0,
    estimated: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    cost: null,
    unpriced: false,
    latency_ms: null,
  };
  let asked = 0;
  let waited = 0;
  for (const item of items) {
    for (const name of COUNTS) total[name] += item[name];
    if (item.cost === null) total.unpriced = true;
    else total.cost = (total.cost ?? 0) + item.cost;
    if (item.latency_ms !== null) {
      // The server's mean leaves out what was kept from before.
      asked += item.requests - item.cached;
      waited += item.latency_ms * (item.requests - item.cached);
    }
  }
  // What was free beside something without a price says nothing about what it cost.
  if (total.unpriced && total.cost === 0) total.cost = null;
  return { ...total, latency_ms: asked > 0 ? waited / asked : null };
}

export function tokens(amount: { prompt_tokens: number; completion_tokens: number }): number {
  return amount.prompt_tokens + amount.completion_tokens;
}

/** A model of an endpoint: two endpoints may have models of one name. */
export function modelKey(item: Pick<UsageItem, "endpoint_id" | "model">): string {
  return JSON.stringify([item.endpoint_id, item.model]);
}

const KEYS: Record<By, (item: UsageItem) => string> = {
  model: modelKey,
  endpoint: (item) => item.endpoint_id,
  day: (item) => item.day,
};

const NAMES: Record<By, (item: UsageItem) => { label: string; note: string }> = {
  model: (item) => ({ label: named(item.model, "Unnamed model"), note: item.endpoint }),
  endpoint: (item) => ({ label: item.endpoint, note: item.local ? "On this machine or network" : "" }),
  day: (item) => ({ label: longDay(item.day), note: "" }),
};

/** Added up by model, endpoint or day: days in order, the latest first, the others by what they used. */
export function grouped(items: readonly UsageItem[], by: By): Group[] {
  const groups = Object.entries(Object.groupBy(items, KEYS[by])).flatMap(([key, members]) =>
    // The latest day comes first: an endpoint is called what it was called last.
    members?.[0] === undefined ? [] : [{ key, ...NAMES[by](members[0]), ...sum(members) }],
  );
  return groups.sort((one, other) =>
    by === "day" ? other.key.localeCompare(one.key) : tokens(other) - tokens(one) || other.requests - one.requests,
  );
}

/** The models whose cost is not known, by name, each once. */
export function withoutPrice(items: readonly UsageItem[]): string[] {
  return [...new Set(items.filter((item) => item.cost === null).map((item) => item.model))].sort();
}
