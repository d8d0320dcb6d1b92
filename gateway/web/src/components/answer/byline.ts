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
