import { describe, expect, it } from "vitest";
import type { Message } from "@/api/types";
import { byline } from "./byline";

const by = {
  endpoint: "My Gemma",
  first_token_ms: 40,
  attempts: [{ endpoint: "My Gemma", outcome: "answered", ms: 40 }],
};
const answer = (part: Partial<Message> = {}) =>
  ({
    content: "Hello",
    model: "gemma-2b",
    status: "complete",
    usage: { completion_tokens: 80 },
    latency_ms: 1250,
    answered_by: by,
    ...part,
  }) as Message;

describe("byline", () => {
  it("says who answered, with which model, and how fast", () => {
    expect(byline(answer())).toBe("My Gemma · gemma-2b · 1.3 s · 80 tokens · 64 tokens/s");
    expect(byline(answer({ latency_ms: 45, usage: null }))).toBe("My Gemma · gemma-2b · 45 ms");
  });

  it("makes do with what is known", () => {
    expect(byline(answer({ answered_by: null, usage: null, latency_ms: null }))).toBe("gemma-2b");
    expect(byline(answer({ content: "", usage: null, status: "stopped" }))).toBe("My Gemma · gemma-2b · stopped");
  });

  it("tells no speed of what came from memory", () => {
    const cached = answer({ answered_by: { ...by, cached: true, attempts: [] }, latency_ms: 1 });
    expect(byline(cached)).toBe("My Gemma · gemma-2b · from memory · 80 tokens");
  });
});
