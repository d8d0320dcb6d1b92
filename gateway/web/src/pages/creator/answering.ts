import type { Endpoint, Routing } from "@/api/types";
import { ownModel } from "@/endpoints/standing";

/** Whose turn it is first when code is asked for. */
export interface Answering {
  endpoint: Endpoint;
  /** Empty = it is not known. */
  model: string;
  /** Whether a rule for code chose it, and not that it is the active one. */
  byRule: boolean;
}

/** Null where there is no endpoint at all. */
export function answering(endpoints: readonly Endpoint[], routing: Routing | undefined): Answering | null {
  const rule = routing?.task_rules?.find(({ task }) => task === "code");
  const ruled = endpoints.find(({ id }) => id === rule?.endpoint_id);
  if (ruled !== undefined) return { endpoint: ruled, model: rule?.model || ownModel(ruled), byRule: true };
  const active = endpoints.find((endpoint) => endpoint.active);
  return active === undefined ? null : { endpoint: active, model: ownModel(active), byRule: false };
}
