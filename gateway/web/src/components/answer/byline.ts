import type { Message } from "@/api/types";
import { latency } from "@/endpoints/standing";
import { duration } from "@/lib/format";

/** How fast an answer came and how long it is: "1.2 s · 80 tokens · 66 tokens/s". */
export function figures(message: Message): string {
  const counted = message.usage?.completion_tokens;
  const tokens = typeof counted === "number" ? counted : 0;
  const cached = message.answered_by?.cached === true;
  const seconds = message.latency_ms === null || cached ? null : message.latency_ms / 1000;
  const parts: string[] = [];
  if (cached) parts.push("from memory");
  if (seconds !== null && message.content !== "") {
    parts.push(seconds < 0.1 ? latency(message.latency_ms) : duration(seconds));
  }
  if (tokens > 0) parts.push(`${tokens} tokens`);
  if (tokens > 0 && seconds) parts.push(`${(tokens / seconds).toFixed(tokens / seconds < 10 ? 1 : 0)} tokens/s`);
  if (message.status === "stopped") parts.push("stopped");
  return parts.join(" · ");
}

/** Who wrote an answer and how fast, in a line: "My Gemma · gemma-2-2b-it · 1.2 s · 80 tokens · 66 tokens/s". */
export function byline(message: Message): string {
  return [message.answered_by?.endpoint ?? "", message.model, figures(message)].filter(Boolean).join(" · ");
}

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

/** Null unless another endpoint answered than the first that was asked. */
export function fallback(message: Message): Fallback | null {
  const answered = message.answered_by;
  if (answered === null) return null;
  const failed = answered.attempts.filter(
    ({ endpoint, outcome }) => outcome !== "answered" && endpoint !== answered.endpoint,
  );
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
