import { expect, test } from "vitest";
import { familyWord, kindWord, memoryOf, standing } from "./words";

test("kinds and families have names people use, and unknown ones none that is made up", () => {
  expect(kindWord("lora")).toBe("LoRA");
  expect(kindWord(null)).toBe("Not known yet");
  expect([familyWord("sd1"), familyWord("unknown"), familyWord("brand-new")]).toEqual(["SD 1.5", "", "brand-new"]);
});

test("a model takes as much as where it takes most", () => {
  const place = { worker: "a", status: "loaded", in_use: 0, uses: 0, last_used_at: null, error: "" };
  expect(memoryOf({ loaded_on: [] })).toBe(0);
  expect(memoryOf({ loaded_on: [{ ...place, bytes: 5 }, { ...place, bytes: 7 }] })).toBe(7);
  expect(standing({ status: "failed" }).tone).toBe("danger");
});
