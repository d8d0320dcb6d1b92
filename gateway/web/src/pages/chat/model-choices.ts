import type { Endpoint } from "@/api/types";
import { ownModel } from "@/endpoints/standing";

export interface ModelChoice {
  model: string;
  /** What tells it from others: the endpoint that has it. */
  note: string;
}

/**
 * The models one can ask for by name. Left out is the one that answers anyway, unless it was chosen; a chosen one that
 * nobody has any more is told as such, since it is what is asked for.
 */
export function modelChoices(endpoints: readonly Endpoint[], chosen: string): ModelChoice[] {
  const found = new Map<string, ModelChoice>();
  for (const endpoint of endpoints) {
    if (!endpoint.enabled) continue;
    for (const model of [ownModel(endpoint), ...endpoint.models.map(({ id }) => id)]) {
      if (model !== "" && !found.has(model)) found.set(model, { model, note: endpoint.name });
    }
  }
  const active = endpoints.find((endpoint) => endpoint.active);
  const anyway = active === undefined ? "" : ownModel(active);
  if (anyway !== chosen) found.delete(anyway);
  if (chosen !== "" && !found.has(chosen)) found.set(chosen, { model: chosen, note: "not there" });
  return [...found.values()];
}
