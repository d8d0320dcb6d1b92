import type { ServiceState } from "@/api/types";

export type Health = "ready" | "starting" | "failed" | "absent";

/** A service as a whole: ready as soon as one copy is, failed only when every copy has. */
export interface ServiceHealth {
  name: string;
  health: Health;
  detail: string;
  /** Null while it is absent. */
  since: string | null;
  copies: number;
}

const RANK: Record<ServiceState["state"], number> = { ready: 0, starting: 1, draining: 2, failed: 3 };

function serviceHealth(states: readonly ServiceState[]): ServiceHealth[] {
  const byName = Map.groupBy(states, (state) => state.name);
  return [...byName.entries()]
    .map(([name, copies]): ServiceHealth => {
      const best = copies.reduce((a, b) => (RANK[b.state] < RANK[a.state] ? b : a));
      const health: Health = best.state === "ready" ? "ready" : best.state === "failed" ? "failed" : "starting";
      return { name, health, detail: best.detail, since: best.since, copies: copies.length };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

// The services this interface has pages for.
const NEEDED = ["chat", "diffusion"];

/** Services as they are, with those the interface needs but nobody has announced yet. */
export function expectedHealth(states: readonly ServiceState[]): ServiceHealth[] {
  const present = serviceHealth(states);
  const absent = NEEDED.filter((name) => !present.some((service) => service.name === name)).map(
    (name): ServiceHealth => ({
      name,
      health: "absent",
      detail:
        "Not up yet. The first start on a machine fetches its model, which takes a few minutes; " +
        "a studio started without this service stays without it.",
      since: null,
      copies: 0,
    }),
  );
  return [...present, ...absent].sort((a, b) => a.name.localeCompare(b.name));
}

/** One word for the whole stack. */
export function overallHealth(services: readonly ServiceHealth[]): Health {
  if (services.some((service) => service.health === "failed")) return "failed";
  return services.some((service) => service.health === "starting" || service.health === "absent") ? "starting" : "ready";
}
