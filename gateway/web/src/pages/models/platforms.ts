import type { Endpoint, NewEndpoint } from "@/api/types";

/** A kind of endpoint, as a person knows it. */
export interface Platform {
  kind: NewEndpoint["kind"];
  label: string;
  about: string;
  /** Where it usually is; empty = that differs from one to the next. */
  address: string;
  key: "needed" | "possible" | "none";
}

/** In the order they are offered: what runs on one's own machine first. */
export const PLATFORMS: readonly Platform[] = [
  {
    kind: "lm_studio",
    label: "LM Studio",
    about: "A desktop program with a local server.",
    address: "http://127.0.0.1:1234/v1",
    key: "none",
  },
  {
    kind: "ollama",
    label: "Ollama",
    about: "Local models from the command line.",
    address: "http://127.0.0.1:11434/v1",
    key: "none",
  },
  {
    kind: "vllm",
    label: "vLLM",
    about: "A fast server for GPUs.",
    address: "http://127.0.0.1:8000/v1",
    key: "possible",
  },
  {
    kind: "openai",
    label: "OpenAI",
    about: "In the cloud, with your key.",
    address: "https://api.openai.com/v1",
    key: "needed",
  },
  {
    kind: "gemini",
    label: "Gemini",
    about: "Google's cloud, with your key.",
    address: "https://generativelanguage.googleapis.com/v1beta/openai",
    key: "needed",
  },
  {
    kind: "anthropic",
    label: "Anthropic",
    about: "Claude, in the cloud, with your key.",
    address: "https://api.anthropic.com/v1",
    key: "needed",
  },
  {
    kind: "openai_compatible",
    label: "OpenAI-compatible",
    about: "Any other server that speaks OpenAI's API.",
    address: "",
    key: "possible",
  },
];

/** What a kind is called; one this list does not know is told by its own name. */
export function kindName(kind: Endpoint["kind"]): string {
  if (kind === "embedded") return "Run by Atelier";
  return PLATFORMS.find((platform) => platform.kind === kind)?.label ?? kind;
}
