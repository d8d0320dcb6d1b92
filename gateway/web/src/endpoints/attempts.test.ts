import { describe, expect, it } from "vitest";
import { fallbackOf, reasons } from "./attempts";

const answered = { endpoint: "Built in", outcome: "answered", ms: 90 };
const failed = [
  { endpoint: "My Gemma", outcome: "timed_out", ms: 30_000, message: "no token within 30 s" },
  { endpoint: "Ollama", outcome: "offline", ms: 0 },
  { endpoint: "Ollama", outcome: "unavailable", ms: 7, message: "Ollama failed: CUDA error" },
];

describe("reasons", () => {
  it("tells each failed attempt in words that go on from its name", () => {
    expect(reasons([...failed, answered]).map(({ endpoint, words }) => `${endpoint} ${words}`)).toEqual([
      "My Gemma took too long (30 s): no token within 30 s",
      "Ollama is offline",
      "Ollama failed: CUDA error (7 ms)",
    ]);
  });
});

describe("fallbackOf", () => {
  it("names each that could not answer once", () => {
    const found = fallbackOf("Built in", [...failed, answered]);
    expect(found?.instead).toEqual(["My Gemma", "Ollama"]);
    expect(found?.reasons).toHaveLength(3);
  });

  it("is none where the first one answered, at once or when asked again", () => {
    expect(fallbackOf("Built in", [answered])).toBeNull();
    expect(fallbackOf("Built in", [{ endpoint: "Built in", outcome: "unavailable", ms: 5 }, answered])).toBeNull();
  });
});
