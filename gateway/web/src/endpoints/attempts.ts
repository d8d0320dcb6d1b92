import type { Attempt } from "@/api/types";
import { latency } from "./standing";

/** Whose turn it would have been, and why each could not. */
export interface Fallback {
  /** Names, in the order they were asked. */
  instead: string[];
  /** The words go on from the name: "My Gemma" "took too long". */
  reasons: { endpoint: string; words: string }[];
}

const OUTCOMES: Record<string, string> = {
  disabled: "is switched off",
  offline: "is offline",
  cooling_down: "was passed over after a failure",
  timed_out: "took too long",
  unreachable: "could not be reached",
  endpoint_refused: "refused the request",
  overloaded: "had too much to do",
  starting: "was still starting",
};

/** Null unless an endpoint answered that was not the first to be asked. */
export function fallbackOf(answered: string, attempts: readonly Attempt[]): Fallback | null {
  const failed = attempts.filter(({ endpoint, outcome }) => outcome !== "answered" && endpoint !== answered);
  if (failed.length === 0) return null;
  return {
    instead: [...new Set(failed.map((attempt) => attempt.endpoint))],
    reasons: failed.map(({ endpoint, outcome, ms, message: why = "" }) => {
      const time = ms > 0 ? ` (${latency(ms)})` : "";
      // Some reasons are whole sentences about the endpoint.
      if (why.startsWith(`${endpoint} `)) return { endpoint, words: `${why.slice(endpoint.length + 1)}${time}` };
      return { endpoint, words: `${OUTCOMES[outcome] ?? "failed"}${time}${why === "" ? "" : `: ${why}`}` };
    }),
  };
}
