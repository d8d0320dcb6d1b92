import { describe, expect, it } from "vitest";
import type { Endpoint, UsageItem } from "@/api/types";
import { checkLine, fieldOf, priceGroups, priceLines, toPrices } from "./prices";

const endpoints = [
  { id: "embedded", name: "Built in" },
  { id: "c", name: "Cloud" },
] as Endpoint[];
const used = [
  { endpoint_id: "c", endpoint: "Cloud", model: "large", local: false },
  { endpoint_id: "c", endpoint: "Cloud", model: "large", local: false },
  { endpoint_id: "gone", endpoint: "Deleted", model: "x", local: false },
] as UsageItem[];
const prices = [
  { endpoint_id: "c", model: "", prompt: 2, completion: 4.5 },
  { endpoint_id: "c", model: "small", prompt: 0, completion: 0 },
];
const line = (prompt: string, completion: string, model = "") => ({ endpointId: "c", model, prompt, completion });

describe("the price form", () => {
  const groups = priceGroups(endpoints, used, prices);

  it("lists the endpoints there are, with the models that were used or have a price", () => {
    expect(groups.map(({ name, local, models }) => [name, local, models])).toEqual([
      ["Built in", true, [""]],
      ["Cloud", false, ["", "large", "small"]],
    ]);
  });

  it("keeps a deleted endpoint as long as it has a price, which the server takes no longer once it is gone", () => {
    const kept = priceGroups(endpoints, used, [{ endpoint_id: "gone", prompt: 1, completion: 1 }]);
    expect(kept.at(-1)).toMatchObject({ name: "Deleted", gone: true, models: ["", "x"] });
  });

  it("sends back what it was given, and nothing for lines left empty", () => {
    expect(toPrices(priceLines(groups, prices))).toEqual(prices);
  });

  it("knows a line by the server's name for it", () => {
    const lines = [line("", ""), line("1", "2", "a"), line("", ""), line("3", "4", "b")];
    expect(lines.map((one) => fieldOf(lines, one, "prompt"))[3]).toBe("items.1.prompt");
  });
});

describe("checkLine", () => {
  it("wants two numbers or nothing", () => {
    expect(checkLine(line(" ", ""))).toEqual({});
    expect(checkLine(line("0", ".15"))).toEqual({});
    expect(Object.keys(checkLine(line("1", "")))).toEqual(["completion"]);
    expect(Object.keys(checkLine(line("1,000", "free")))).toEqual(["prompt", "completion"]);
  });

  it("reads what a price can be written back as", () => {
    expect(toPrices([line("1e-7", "2.")])[0]).toMatchObject({ prompt: 1e-7, completion: 2 });
  });
});
