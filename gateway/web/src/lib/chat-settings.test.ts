import { describe, expect, it } from "vitest";
import { readChatSettings, settingsRequest } from "./chat-settings";

describe("chat settings", () => {
  it("survive storage, numbers left open included", () => {
    const settings = { model: "m", temperature: Number.NaN, maxTokens: 64 };
    expect(readChatSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });

  it("fall back where the stored value is nonsense", () => {
    expect(readChatSettings("x")).toMatchObject({ model: "" });
    expect(readChatSettings({ temperature: "hot" }).temperature).toBeNaN();
  });

  it("leave out of the request what was left open", () => {
    expect(settingsRequest({ model: "", temperature: Number.NaN, maxTokens: Number.NaN })).toEqual({});
    expect(settingsRequest({ model: "m", temperature: 0, maxTokens: 8 })).toEqual({
      model: "m",
      temperature: 0,
      max_tokens: 8,
    });
  });
});
