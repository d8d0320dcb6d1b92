import type { Endpoint } from "@/api/types";
import { standing } from "./standing";

/** Why no endpoint can answer: none is there, all of one's own are switched off, or none of them can be reached. */
export type Missing = "everyone" | "off" | "away";

/** Null as long as one of them may answer. */
export function whoIsMissing(endpoints: readonly Endpoint[]): Missing | null {
  const own = endpoints.filter(({ kind }) => kind !== "embedded");
  const may = endpoints.some((endpoint) => {
    const state = standing(endpoint);
    // The built-in one says that it is not looked at as long as it has no model at all.
    if (endpoint.kind === "embedded") return state === "healthy" || state === "degraded";
    return state !== "off" && state !== "offline";
  });
  if (may || endpoints.length === 0) return null;
  if (own.length === 0) return "everyone";
  return own.every((endpoint) => standing(endpoint) === "off") ? "off" : "away";
}
