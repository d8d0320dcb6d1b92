import { describe, expect, it } from "vitest";
import type { Endpoint, EndpointTest } from "@/api/types";
import { afterTest, begin, changes, editOf, freeName, registered, tagsOf } from "./drafts";
import { kindName, PLATFORMS, type Platform } from "./platforms";

const platform = (kind: Platform["kind"]): Platform => {
  const found = PLATFORMS.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no platform ${kind}`);
  return found;
};
const test = (part: Partial<EndpointTest>): EndpointTest => ({
  status: "healthy",
  latency_ms: 12,
  models: [{ id: "gemma", context_length: 0 }],
  code: "",
  detail: "",
  hint: "",
  base_url: "",
  ...part,
});
const gemma = {
  name: "My Gemma",
  base_url: "http://127.0.0.1:1234/v1",
  model: "gemma",
  has_key: true,
  tags: ["home"],
} as Endpoint;

describe("a draft", () => {
  it("begins where its platform usually is, with a name nobody has", () => {
    const draft = begin(platform("lm_studio"), ["my lm studio"]);
    expect(draft).toMatchObject({ address: "http://127.0.0.1:1234/v1", name: "My LM Studio 2" });
    expect(freeName("My vLLM", ["My vLLM", "My vLLM 2"])).toBe("My vLLM 3");
  });

  it("takes the address where the test found the endpoint", () => {
    const draft = begin(platform("lm_studio"), [], "http://127.0.0.1:1234/wrong");
    const found = "http://127.0.0.1:1234/v1";
    expect(afterTest(draft, test({ base_url: found })).address).toBe(found);
    expect(afterTest(draft, test({ status: "offline", base_url: found }))).toBe(draft);
  });

  it("keeps a chosen model only if the endpoint has it", () => {
    const draft = { ...begin(platform("ollama"), []), model: "gemma" };
    expect(afterTest(draft, test({})).model).toBe("gemma");
    expect(afterTest(draft, test({ models: [] })).model).toBe("");
  });

  it("becomes a request without blanks at its ends", () => {
    const draft = { ...begin(platform("openai"), []), key: " sk-1 ", name: " Mine " };
    expect(registered(draft)).toEqual({
      kind: "openai",
      base_url: "https://api.openai.com/v1",
      api_key: "sk-1",
      model: "",
      name: "Mine",
    });
  });
});

describe("changes", () => {
  it("are none where nothing was changed", () => {
    expect(changes(gemma, editOf(gemma))).toEqual({});
  });

  it("hold only what differs", () => {
    expect(changes(gemma, { ...editOf(gemma), name: "Gemma ", tags: "home, fast, home" })).toEqual({
      name: "Gemma",
      tags: ["home", "fast"],
    });
  });

  it("replace a key, forget it, or leave it", () => {
    expect(changes(gemma, { ...editOf(gemma), key: "sk-2", forgetKey: true })).toEqual({ api_key: "sk-2" });
    expect(changes(gemma, { ...editOf(gemma), forgetKey: true })).toEqual({ api_key: "" });
  });
});

describe("tagsOf", () => {
  it("passes over what is empty", () => {
    expect(tagsOf(" , a,, b ")).toEqual(["a", "b"]);
  });
});

describe("kindName", () => {
  it("knows every platform, the embedded one, and copes with new ones", () => {
    expect(kindName("gemini")).toBe("Gemini");
    expect(kindName("embedded")).toBe("Run by Atelier");
    expect(kindName("oracle" as Endpoint["kind"])).toBe("oracle");
  });
});
