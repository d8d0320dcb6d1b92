import { describe, expect, it } from "vitest";
import { Problem } from "@/api/problem";
import openapi from "../../../../openapi.json?raw";
import {
  checkDraft,
  defaultLimits,
  draftOf,
  LIMITS,
  moved,
  ruleField,
  sameDraft,
  shownFields,
  toRouting,
} from "./routing";

const routing = {
  active: "a",
  fallback: ["b", "embedded"],
  task_rules: [
    { task: "code", endpoint_id: "b", model: "coder" },
    { task: "vision", endpoint_id: "a", model: "" },
  ],
  local_first_token_s: 5.5,
  cloud_first_token_s: 60,
  retries: 0,
  cool_down_s: 0,
  long_context_tokens: 8000,
};

describe("the form", () => {
  it("gives back what the server had, zeros included", () => {
    expect(toRouting(draftOf(routing))).toEqual(routing);
    expect(checkDraft(draftOf(routing))).toEqual({});
  });

  it("fills in defaults, the first of two rules and each endpoint once", () => {
    const draft = draftOf({
      fallback: ["b", "b"],
      task_rules: [...routing.task_rules, { task: "code", endpoint_id: "a" }],
    });
    expect(draft).toMatchObject({ active: "embedded", fallback: ["b"], limits: { retries: "1", cool_down_s: "30" } });
    expect(draft.rules.code).toEqual({ endpointId: "b", model: "coder" });
    expect(draft.limits).toEqual(defaultLimits());
  });

  it("knows whether anything was changed", () => {
    const draft = draftOf(routing);
    expect(sameDraft(draft, draftOf(routing))).toBe(true);
    expect(sameDraft({ ...draft, limits: { ...draft.limits, retries: "1" } }, draft)).toBe(false);
  });
});

describe("checkDraft", () => {
  it("names each bad number", () => {
    const limits = {
      local_first_token_s: "0",
      cloud_first_token_s: "soon",
      retries: "1.5",
      cool_down_s: "",
      long_context_tokens: "255",
    };
    expect(Object.keys(checkDraft({ ...draftOf(routing), limits })).sort()).toEqual(Object.keys(limits).sort());
  });
});

describe("what the server refuses", () => {
  it("is found at its field", () => {
    const draft = draftOf(routing);
    expect([ruleField(draft, "code", "model"), ruleField(draft, "vision", "endpoint_id")]).toEqual([
      "task_rules.0.model",
      "task_rules.1.endpoint_id",
    ]);
    const fields = ["active", "fallback.1", "task_rules.0.endpoint_id", "retries", "task_rules.0.task"];
    const problem = new Problem(422, "", { fields: fields.map((field) => ({ field, message: "no" })) });
    expect(shownFields(problem)).toEqual(fields.slice(0, 4));
  });
});

describe("moved", () => {
  it("moves by one place and stays within the list", () => {
    expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
  });
});

describe("LIMITS", () => {
  it("are those of the contract", () => {
    const told = JSON.parse(openapi);
    for (const limit of LIMITS) {
      const property = told.components.schemas.Routing.properties[limit.name];
      const { minimum, maximum, default: value, type } = property;
      expect({ minimum, maximum, default: value, whole: type === "integer" }).toEqual({
        minimum: limit.minimum,
        maximum: limit.maximum,
        default: limit.default,
        whole: limit.whole,
      });
    }
  });
});
