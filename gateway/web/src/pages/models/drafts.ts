import type { Endpoint, EndpointChange, EndpointTest, NewEndpoint } from "@/api/types";
import type { Platform } from "./platforms";

/** An endpoint while it is being set up. */
export interface Draft {
  platform: Platform;
  address: string;
  key: string;
  model: string;
  name: string;
}

/** The draft a platform begins with; `taken` are the names that are in use. */
export function begin(platform: Platform, taken: readonly string[], address = platform.address): Draft {
  return { platform, address, key: "", model: "", name: freeName(`My ${platform.label}`, taken) };
}

/** A name nobody has yet: "My Ollama", then "My Ollama 2". */
export function freeName(wanted: string, taken: readonly string[]): string {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  let name = wanted;
  for (let number = 2; used.has(name.toLowerCase()); number += 1) name = `${wanted} ${number}`;
  return name;
}

/** The request that tests a draft. */
export function tried(draft: Draft) {
  return { kind: draft.platform.kind, base_url: draft.address.trim(), api_key: draft.key.trim() };
}

/** The request that registers a draft. */
export function registered(draft: Draft): NewEndpoint {
  return { ...tried(draft), model: draft.model.trim(), name: draft.name.trim() };
}

/** The draft as a test leaves it: where it answers, and with a model it has. */
export function afterTest(draft: Draft, test: EndpointTest): Draft {
  if (!answers(test)) return draft;
  const has = test.models.some((model) => model.id === draft.model);
  return { ...draft, address: test.base_url || draft.address, model: has ? draft.model : "" };
}

export function answers(test: Pick<EndpointTest, "status">): boolean {
  return test.status === "healthy" || test.status === "degraded";
}

/** What one may change of an endpoint, as it stands in the form. */
export interface Edit {
  name: string;
  address: string;
  model: string;
  /** Empty = the key it has stays. */
  key: string;
  forgetKey: boolean;
  tags: string;
}

export function editOf(endpoint: Endpoint): Edit {
  const { name, base_url: address, model, tags } = endpoint;
  return { name, address, model, key: "", forgetKey: false, tags: tags.join(", ") };
}

/** "home, fast" → ["home", "fast"]; each tag once. */
export function tagsOf(text: string): string[] {
  const words = text.split(",").map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ""))];
}

/** The request that makes an endpoint as the form says: only what differs. */
export function changes(endpoint: Endpoint, edit: Edit): EndpointChange {
  const tags = tagsOf(edit.tags);
  return {
    ...(edit.name.trim() === endpoint.name ? {} : { name: edit.name.trim() }),
    ...(edit.address.trim() === endpoint.base_url ? {} : { base_url: edit.address.trim() }),
    ...(edit.model.trim() === endpoint.model ? {} : { model: edit.model.trim() }),
    ...(tags.join() === endpoint.tags.join() ? {} : { tags }),
    ...(edit.key.trim() !== "" ? { api_key: edit.key.trim() } : edit.forgetKey ? { api_key: "" } : {}),
  };
}
