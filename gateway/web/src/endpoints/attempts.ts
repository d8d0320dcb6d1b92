import type { Attempt } from "@/api/types";
import { latency } from "./standing";

/** Why an endpoint could not answer; the words go on from its name: "My Gemma" "took too long". */
export interface Reason {
  endpoint: string;
  outcome: string;
  words: string;
}

/** Whose turn it would have been, and why each could not. */
export interface Fallback {
  /** Names, in the order they were asked. */
  instead: string[];
  reasons: Reason[];
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

/** Every attempt that failed, with its reason. */
export function reasons(attempts: readonly Attempt[]): Reason[] {
  return attempts
    .filter(({ outcome }) => outcome !== "answered")
    .map(({ endpoint, outcome, ms, message: why = "" }) => {
      const time = ms > 0 ? ` (${latency(ms)})` : "";
      // Some reasons are whole sentences about the endpoint.
      const words = why.startsWith(`${endpoint} `)
        ? `${why.slice(endpoint.length + 1)}${time}`
        : `${OUTCOMES[outcome] ?? "failed"}${time}${why === "" ? "" : `: ${why}`}`;
      return { endpoint, outcome, words };
    });
}

/** Null unless an endpoint answered that was not the first to be asked. */
export function fallbackOf(answered: string, attempts: readonly Attempt[]): Fallback | null {
  const failed = reasons(attempts.filter(({ endpoint }) => endpoint !== answered));
  if (failed.length === 0) return null;
  return { instead: [...new Set(failed.map(({ endpoint }) => endpoint))], reasons: failed };
}
