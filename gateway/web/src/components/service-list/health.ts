import type { ServiceState } from "@/api/types";

export type Health = "ready" | "starting" | "failed";

/** A service as a whole: ready as soon as one copy is, failed only when every copy has. */
export interface ServiceHealth {
  name: string;
  health: Health;
  detail: string;
  since: string;
  copies: number;
}

const RANK: Record<ServiceState["state"], number> = { ready: 0, starting: 1, draining: 2, failed: 3 };

export function serviceHealth(states: readonly ServiceState[]): ServiceHealth[] {
  const byName = Map.groupBy(states, (state) => state.name);
  return [...byName.entries()]
    .map(([name, copies]) => {
      const best = copies.reduce((a, b) => (RANK[b.state] < RANK[a.state] ? b : a));
      const health: Health = best.state === "ready" ? "ready" : best.state === "failed" ? "failed" : "starting";
      return { name, health, detail: best.detail, since: best.since, copies: copies.length };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** One word for the whole stack. */
export function overallHealth(services: readonly ServiceHealth[]): Health {
  if (services.some((service) => service.health === "failed")) return "failed";
  return services.some((service) => service.health === "starting") ? "starting" : "ready";
}
