import type { Endpoint, Price, UsageItem } from "@/api/types";

/** A line of the price form; the prices are what was typed. */
export interface PriceLine {
  endpointId: string;
  /** Empty = every model of the endpoint without a price of its own. */
  model: string;
  prompt: string;
  completion: string;
}

/** The lines of an endpoint. */
export interface PriceGroup {
  endpointId: string;
  name: string;
  /** On this machine or network: free unless a price is set. Null = it has not answered yet, so it is not known. */
  local: boolean | null;
  /** It was deleted, and only its usage is left. */
  gone: boolean;
  /** The models to price, "" for all of them first. */
  models: string[];
}

export const lineKey = (endpointId: string, model: string): string => JSON.stringify([endpointId, model]);

/** The endpoints to price, with the models that were used or have a price. */
export function priceGroups(
  endpoints: readonly Endpoint[],
  used: readonly UsageItem[],
  prices: readonly Price[],
): PriceGroup[] {
  const names = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint.name]));
  const ids = new Set([...names.keys(), ...prices.map((price) => price.endpoint_id)]);
  return [...ids].map((endpointId) => {
    const items = used.filter((item) => item.endpoint_id === endpointId);
    const priced = prices.filter((price) => price.endpoint_id === endpointId).map((price) => price.model ?? "");
    const models = [...new Set([...items.map((item) => item.model), ...priced])].filter((model) => model !== "").sort();
    return {
      endpointId,
      name: names.get(endpointId) ?? items[0]?.endpoint ?? endpointId,
      local: endpointId === "embedded" || (items[0]?.local ?? null),
      gone: !names.has(endpointId),
      models: ["", ...models],
    };
  });
}

/** The form's lines, as the prices are now. */
export function priceLines(groups: readonly PriceGroup[], prices: readonly Price[]): PriceLine[] {
  const known = new Map(prices.map((price) => [lineKey(price.endpoint_id, price.model ?? ""), price]));
  return groups.flatMap(({ endpointId, models }) =>
    models.map((model) => {
      const price = known.get(lineKey(endpointId, model));
      return {
        endpointId,
        model,
        prompt: price === undefined ? "" : String(price.prompt),
        completion: price === undefined ? "" : String(price.completion),
      };
    }),
  );
}

/** What was typed as a number; null if it is none. A comma is refused: it means a thousand here and a tenth there. */
function amount(typed: string): number | null {
  return /^\d*\.?\d+(e-?\d+)?$|^\d+\.$/i.test(typed.trim()) ? Number(typed) : null;
}

export type LineErrors = Partial<Record<"prompt" | "completion", string>>;

/** What is wrong with a line before the server is asked. */
export function checkLine(line: PriceLine): LineErrors {
  const typed = { prompt: line.prompt.trim(), completion: line.completion.trim() };
  if (typed.prompt === "" && typed.completion === "") return {};
  const errors: LineErrors = {};
  for (const name of ["prompt", "completion"] as const) {
    if (typed[name] === "") errors[name] = "Give both prices, or neither.";
    else if (amount(typed[name]) === null) errors[name] = "Must be a number, such as 2.5.";
  }
  return errors;
}

const isSet = (line: PriceLine) => line.prompt.trim() !== "";

/** The lines as the API takes them; those left empty have no price. */
export function toPrices(lines: readonly PriceLine[]): Price[] {
  return lines.filter(isSet).map((line) => ({
    endpoint_id: line.endpointId,
    model: line.model,
    prompt: amount(line.prompt) ?? 0,
    completion: amount(line.completion) ?? 0,
  }));
}

/** The name under which the server speaks of a field of a line: `items.2.prompt`. */
export function fieldOf(lines: readonly PriceLine[], line: PriceLine, name: string): string {
  return `items.${lines.filter(isSet).indexOf(line)}.${name}`;
}
