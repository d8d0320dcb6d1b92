import { describe, expect, it } from "vitest";
import type { Endpoint } from "@/api/types";
import { modelChoices } from "./model-choices";

const endpoint = (name: string, models: string[], part: Partial<Endpoint> = {}) =>
  ({
    name,
    model: "",
    models: models.map((id) => ({ id, context_length: 0 })),
    enabled: true,
    active: false,
    ...part,
  }) as Endpoint;
const builtIn = endpoint("Built in", ["smol"], { active: true });
const names = (endpoints: Endpoint[], chosen = "") => modelChoices(endpoints, chosen).map(({ model }) => model);

describe("modelChoices", () => {
  it("are every model once, without the one that answers anyway", () => {
    const all = [builtIn, endpoint("A", ["gemma", "qwen"]), endpoint("B", ["qwen", "smol"])];
    expect(modelChoices(all, "")).toEqual([
      { model: "gemma", note: "A" },
      { model: "qwen", note: "A" },
    ]);
    expect(names(all, "smol")).toContain("smol");
  });

  it("leave out what is switched off", () => {
    expect(names([builtIn, endpoint("A", ["gemma"], { enabled: false })])).toEqual([]);
  });

  it("hold a model nobody listed if it is an endpoint's own", () => {
    expect(names([builtIn, endpoint("A", [], { model: "gemma" })])).toEqual(["gemma"]);
  });

  it("say of a chosen model that it has gone", () => {
    expect(modelChoices([builtIn], "gemma")).toEqual([{ model: "gemma", note: "not there" }]);
    expect(modelChoices([], "")).toEqual([]);
  });
});
