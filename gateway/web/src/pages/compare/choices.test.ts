import { describe, expect, it } from "vitest";
import type { Endpoint } from "@/api/types";
import { contenders, proposed, settled } from "./choices";

const endpoint = (name: string, models: string[], part: Partial<Endpoint> = {}) =>
  ({
    id: name,
    name,
    model: "",
    models: models.map((id) => ({ id, context_length: 0 })),
    enabled: true,
    active: false,
    ...part,
  }) as Endpoint;

describe("contenders", () => {
  it("are the models of all endpoints that are on, the active one's first", () => {
    const all = contenders([
      endpoint("House", ["tiny"]),
      endpoint("Gemma", ["a", "b"], { active: true, model: "b" }),
      endpoint("Off", ["c"], { enabled: false }),
    ]);
    expect(all.map(({ value }) => value)).toEqual(["b", "a", "tiny"]);
  });

  it("name the endpoint where a model's name does not tell which is meant", () => {
    const all = contenders([endpoint("One", ["a"]), endpoint("Two", ["a"]), endpoint("x", ["One"]), endpoint("y", [])]);
    expect(all.map(({ value }) => value)).toEqual(["One/a", "Two/a", "x/One", "y"]);
  });
});

describe("settled", () => {
  const all = contenders([endpoint("One", ["a", "b"]), endpoint("Two", ["c"])]);

  it("proposes models of different endpoints", () => {
    expect(proposed(all)).toEqual(["a", "c"]);
  });

  it("keeps what is chosen and still there", () => {
    expect(settled(["b", "gone", "b"], all)).toEqual(["b", "a"]);
    expect(settled(["c", "b", "a"], all)).toEqual(["c", "b", "a"]);
    expect(settled([], [])).toEqual([]);
  });
});
