import { describe, expect, it } from "vitest";
import type { GenerateOptions } from "@/api/types";
import { nativeSize, modelOf, sizePresets } from "./models";
import { options } from "./options.fixture";

describe("nativeSize", () => {
  it("begins at the model's native size", () => {
    expect(nativeSize(options)).toEqual({ width: 256, height: 256 });
  });
});

describe("sizePresets", () => {
  it("offers the server's sizes for its first model", () => {
    expect(sizePresets(options, modelOf(options, "starter"))).toEqual(options.sizes);
  });

  it("scales them to another model's native size, each once and within the limits", () => {
    const small = { ...options.models[0], name: "small", native_size: 32 } as GenerateOptions["models"][number];
    expect(sizePresets(options, small)).toEqual([{ label: "Square", width: 64, height: 64 }]);
    const large = { ...small, name: "large", native_size: 1024 };
    expect(sizePresets(options, large)[1]).toEqual({ label: "Portrait 2:3", width: 832, height: 1248 });
  });
});
