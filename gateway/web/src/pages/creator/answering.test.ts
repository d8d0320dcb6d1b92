import { expect, it } from "vitest";
import type { Endpoint } from "@/api/types";
import { answering } from "./answering";

const endpoint = (id: string, active: boolean) => ({ id, active, model: "", models: [{ id: `${id}-model` }] }) as Endpoint;
const BOTH = [endpoint("a", true), endpoint("b", false)];

it("asks the active endpoint unless there is a rule for code", () => {
  expect(answering(BOTH, undefined)).toMatchObject({ endpoint: { id: "a" }, model: "a-model", byRule: false });
  const rules = [{ task: "chat", endpoint_id: "b" }];
  expect(answering(BOTH, { task_rules: rules })).toMatchObject({ endpoint: { id: "a" } });
});

it("follows the rule for code, with its model or the endpoint's own", () => {
  const rule = { task: "code", endpoint_id: "b" };
  expect(answering(BOTH, { task_rules: [rule] })).toMatchObject({ model: "b-model", byRule: true });
  expect(answering(BOTH, { task_rules: [{ ...rule, model: "coder" }] })).toMatchObject({ model: "coder" });
});

it("passes over a rule whose endpoint is gone, and knows of none where there is none", () => {
  expect(answering(BOTH, { task_rules: [{ task: "code", endpoint_id: "gone" }] })).toMatchObject({ endpoint: { id: "a" } });
  expect(answering([], undefined)).toBeNull();
});
