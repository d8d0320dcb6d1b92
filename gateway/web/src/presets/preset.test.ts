import { describe, expect, test } from "vitest";
import type { Preset } from "@/api/types";
import { asAsked, negativeOf, promptOf, settingWords, shapeOf } from "./preset";

const fog = { template: "{prompt} in {density|thick} fog, {place}", negative_prompt: "sun, blurry" };

test("words go around the prompt, which is not looked into", () => {
  expect(promptOf(fog, "a {density} fox", { place: "Rome" })).toBe("a {density} fox in thick fog, Rome");
  expect(promptOf(fog, "a fox", { density: "thin" })).toBe("a fox in thin fog, {place}");
});

test("negative prompts are joined and say nothing twice", () => {
  expect(negativeOf(fog, "Blurry, ")).toBe("Blurry, sun");
  expect(negativeOf(fog, "")).toBe("sun, blurry");
  expect(negativeOf({ ...fog, negative_prompt: "" }, "rain")).toBe("rain");
});

test("a shape has about as many pixels as the model's square", () => {
  expect(shapeOf("16:9", 512)).toEqual({ width: 680, height: 384 });
  expect(shapeOf("1:1", 64)).toEqual({ width: 64, height: 64 });
});

test("what a preset leaves open is not told", () => {
  const words = settingWords({ steps: 30, cfg_scale: null, camera: { move: "zoom_in", intensity: 0.4 } });
  expect(words).toEqual(["steps 30", "camera zoom in"]);
});

describe("settings of a job or an asset", () => {
  const used = { id: "fog", name: "Fog", prompt: "a fox", negative_prompt: "", variables: { density: "thin" } };
  const made = { prompt: "a fox in thin fog", negative_prompt: "sun", steps: 20, preset: used };
  const known = [{ id: "fog" }] as Preset[];

  test("come back as they were asked, with the preset", () => {
    const wanted = { prompt: "a fox", negative_prompt: "", preset: "fog", preset_variables: { density: "thin" } };
    expect(asAsked(made, known)).toMatchObject(wanted);
    expect(asAsked(made, undefined)).toMatchObject(wanted);
  });

  test("keep the words of a preset that is gone", () => {
    expect(asAsked(made, [])).toMatchObject({ prompt: "a fox in thin fog", negative_prompt: "sun", preset: "" });
  });

  test("take the preset away where there was none, and leave it where only words are given", () => {
    expect(asAsked({ prompt: "a fox", steps: 20 }, known)).toMatchObject({ preset: "" });
    expect(asAsked({ prompt: "a fox" }, known)).toEqual({ prompt: "a fox" });
    expect(asAsked({ steps: 20, preset: "fog" }, known)).toMatchObject({ preset: "fog" });
  });
});
