import { describe, expect, it } from "vitest";
import type { Message } from "@/api/types";
import { byline, fallback } from "./byline";

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

describe("fallback", () => {
  const attempts = [
    { endpoint: "My Gemma", outcome: "timed_out", ms: 30_000, message: "no token within 30 s" },
    { endpoint: "Ollama", outcome: "offline", ms: 0 },
    { endpoint: "Ollama", outcome: "unavailable", ms: 7, message: "Ollama failed: CUDA error" },
    { endpoint: "Built in", outcome: "answered", ms: 90 },
  ];

  it("names those who could not answer, and why", () => {
    expect(fallback(answer({ answered_by: { ...by, endpoint: "Built in", attempts } }))).toEqual({
      instead: ["My Gemma", "Ollama"],
      reasons: [
        { endpoint: "My Gemma", words: "took too long (30 s): no token within 30 s" },
        { endpoint: "Ollama", words: "is offline" },
        { endpoint: "Ollama", words: "failed: CUDA error (7 ms)" },
      ],
    });
  });

  it("is none where the first one answered, at once or when asked again", () => {
    expect(fallback(answer())).toBeNull();
    expect(fallback(answer({ answered_by: null }))).toBeNull();
    const again = [{ endpoint: "My Gemma", outcome: "unavailable", ms: 5 }, ...by.attempts];
    expect(fallback(answer({ answered_by: { ...by, attempts: again } }))).toBeNull();
  });
});
