import type { Endpoint } from "@/api/types";
import { ownModel } from "@/endpoints/standing";

export const FEWEST = 2;
export const MOST = 4;

/** A model that can be asked. */
export interface Contender {
  /** What the request names it: the model, or endpoint/model where several endpoints have it. */
  value: string;
  /** Empty = the endpoint does not say what it has. */
  model: string;
  endpoint: string;
}

/** Every model of every endpoint that is switched on; the active endpoint's first, and each endpoint's own first. */
export function contenders(endpoints: readonly Endpoint[]): Contender[] {
  const on = endpoints.filter((endpoint) => endpoint.enabled);
  const ordered = [...on.filter((one) => one.active), ...on.filter((one) => !one.active)];
  const listed = ordered.map((endpoint) => {
    const models = new Set([ownModel(endpoint), ...endpoint.models.map(({ id }) => id)].filter(Boolean));
    return { endpoint: endpoint.name, models: [...models] };
  });
  const count = new Map<string, number>();
  for (const model of listed.flatMap(({ models }) => models)) count.set(model, (count.get(model) ?? 0) + 1);
  // A name that is an endpoint's means that endpoint, whatever models are called.
  for (const { name } of endpoints) count.set(name, 2);
  return listed.flatMap(({ endpoint, models }) =>
    models.length === 0
      ? [{ value: endpoint, model: "", endpoint }]
      : models.map((model) => ({ value: count.get(model) === 1 ? model : `${endpoint}/${model}`, model, endpoint })),
  );
}

/** What is chosen as long as nothing else is: of each endpoint the first, then what else there is. */
export function proposed(all: readonly Contender[], wanted = FEWEST): string[] {
  const first = all.filter((one, index) => all.findIndex((other) => other.endpoint === one.endpoint) === index);
  return [...first, ...all.filter((one) => !first.includes(one))].slice(0, wanted).map(({ value }) => value);
}

/** The choice as far as it is still there, filled up to the fewest; each model once. */
export function settled(chosen: readonly string[], all: readonly Contender[]): string[] {
  const there = [...new Set(chosen)].filter((value) => all.some((one) => one.value === value)).slice(0, MOST);
  const more = proposed(all, all.length).filter((value) => !there.includes(value));
  return [...there, ...more.slice(0, Math.max(0, FEWEST - there.length))];
}
