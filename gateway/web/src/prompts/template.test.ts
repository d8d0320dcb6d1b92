import { describe, expect, it } from "vitest";
import { fill, missing, tags, variables } from "./template";

const TEXT = "Explain {{topic}} to a child of {{ age | six }}. Again: {{topic}}, {{age|nine}}.";

describe("variables", () => {
  it("finds each gap once, in order, with its first default", () => {
    expect(variables(TEXT)).toEqual([
      { name: "topic", default: null },
      { name: "age", default: "six" },
    ]);
    expect(variables("{{a}} {{a|later}}")).toEqual([{ name: "a", default: "later" }]);
    expect(variables("{{a|}}")).toEqual([{ name: "a", default: "" }]);
  });

  it("passes over braces that are no gap", () => {
    expect(variables("{{1a}} {b} {{ c d }} {{}}")).toEqual([]);
  });
});

describe("fill", () => {
  it("puts in what is given, else the default", () => {
    expect(fill(TEXT, { topic: "rain" })).toBe("Explain rain to a child of six. Again: rain, six.");
    expect(fill("{{a|b}}", { a: " " })).toBe("b");
  });

  it("leaves what is filled in as it is", () => {
    expect(fill("{{a}}", { a: "{{b|$1}} $&" })).toBe("{{b|$1}} $&");
  });

  it("shows the name of a gap that is left open", () => {
    expect(fill("{{ a }}", {})).toBe("{{a}}");
    expect(missing(TEXT, {})).toEqual(["topic"]);
    expect(missing(TEXT, { topic: "rain" })).toEqual([]);
  });
});

describe("tags", () => {
  it("are what stands between commas", () => {
    expect(tags(" home, fast,, home ")).toEqual(["home", "fast"]);
  });
});
