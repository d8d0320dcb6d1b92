import type { Endpoint } from "@/api/types";
import { duration, sentence } from "@/lib/format";

/** How an endpoint stands: its health, or that it is switched off, which no look changes. */
export type Standing = Endpoint["health"]["status"] | "off";

export const STANDING_WORDS: Record<Standing, string> = {
  healthy: "Healthy",
  degraded: "Degraded",
  offline: "Offline",
  unknown: "Not looked at yet",
  off: "Switched off",
};

export function standing(endpoint: Pick<Endpoint, "enabled" | "health">): Standing {
  return endpoint.enabled ? endpoint.health.status : "off";
}

/** "145 ms", "1.2 s"; empty where there is none. */
export function latency(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms) || ms <= 0) return "";
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : duration(ms / 1000);
}

/** The model an endpoint answers with when a request names none; empty = it is not known. */
export function ownModel(endpoint: Pick<Endpoint, "model" | "models">): string {
  return endpoint.model || (endpoint.models[0]?.id ?? "");
}

/** What keeps an endpoint from answering, in sentences; `now` in milliseconds since the epoch. */
export function troubles(endpoint: Endpoint, now: number): string[] {
  const { health } = endpoint;
  if (!endpoint.enabled) {
    return endpoint.active ? ["It is switched off, so others answer in its place."] : [];
  }
  const found: string[] = [];
  if (health.code === "unreachable") found.push("Nothing answers at its address. Start it, or correct the address.");
  else if (health.status !== "healthy" && health.detail !== "") found.push(sentence(health.detail));
  const left = health.cooling_until === null ? 0 : (Date.parse(health.cooling_until) - now) / 1000;
  if (left > 0) {
    const wait = left < 60 ? `${Math.ceil(left)} s` : duration(left);
    found.push(sentence(`Requests pass it over for ${wait} more: ${health.cooling_reason || "it failed"}`));
  }
  return found;
}

/** Whose turn it is, first to last: the active endpoint, then those it falls back on, as far as they are known. */
export function order(active: string, fallback: readonly string[], endpoints: readonly Endpoint[]): Endpoint[] {
  const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  return [...new Set([active, ...fallback])].flatMap((id) => byId.get(id) ?? []);
}
