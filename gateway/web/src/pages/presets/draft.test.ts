import { expect, test } from "vitest";
import type { Preset } from "@/api/types";
import { bodyOf, draftOf, numberFields, templateError } from "./draft";

const fog = {
  id: "fog",
  name: "Fog",
  description: "",
  kind: "video",
  category: "weather",
  template: "{prompt} in fog",
  variables: [],
  negative_prompt: "sun",
  settings: { steps: 20, fps: 24, width: null, camera: { move: "zoom_in", intensity: 0.4 } },
  built_in: true,
  created_at: null,
  updated_at: null,
} satisfies Preset;

test("a copy has a name of its own that is not too long", () => {
  expect(draftOf(fog, true).name).toBe("Fog (copy)");
  expect(draftOf({ ...fog, name: "F".repeat(100) }, true).name).toHaveLength(100);
  expect(draftOf(fog, false).name).toBe("Fog");
});

test("what is sent has no settings that are left open or of the other kind", () => {
  expect(bodyOf(draftOf(fog, true)).settings).toEqual({ steps: 20, fps: 24, camera: { move: "zoom_in", intensity: 0.4 } });
  expect(bodyOf({ ...draftOf(fog, true), kind: "image" }).settings).toEqual({ steps: 20 });
  expect(bodyOf({ ...draftOf(fog, true), category: " Old Film " }).category).toBe("old-film");
});

test("videos have more numbers to set", () => {
  expect(numberFields("image").map(({ name }) => name)).toEqual(["steps", "cfg_scale"]);
  expect(numberFields("video").map(({ name }) => name)).toContain("fps");
});

test("a template says where the prompt goes", () => {
  expect(templateError("{prompt} in fog")).toBeUndefined();
  expect(templateError("{light|neon} fog")).toMatch("{prompt}");
});
