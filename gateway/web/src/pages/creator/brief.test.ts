import { expect, it } from "vitest";
import { possible, targetLabel } from "./brief";

const FRAMEWORKS = [
  { name: "react", label: "React", targets: ["component", "page"] },
  { name: "fastapi", label: "FastAPI", targets: ["api"] },
];
const brief = { project_name: "Counter", description: "Counts.", framework: "react", target_type: "page" };

it("keeps what there is and takes the first target of a framework that lacks the one chosen", () => {
  expect(possible(brief, FRAMEWORKS)).toEqual(brief);
  expect(possible({ ...brief, framework: "fastapi" }, FRAMEWORKS).target_type).toBe("api");
  expect(possible({ ...brief, framework: "cobol" }, FRAMEWORKS)).toEqual(brief);
  expect(possible(brief, [])).toEqual(brief);
});

it("names targets", () => {
  expect([targetLabel("api"), targetLabel("library")]).toEqual(["API", "Library"]);
});
