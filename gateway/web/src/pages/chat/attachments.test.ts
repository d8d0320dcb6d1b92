import { describe, expect, it } from "vitest";
import { refusal, refusalOfAsset } from "./attachments";

const file = (name: string, type: string, size = 100) => ({ name, type, size });

describe("refusal", () => {
  it("lets pictures, texts and what the browser does not know pass", () => {
    expect([file("a.png", "image/png"), file("a.txt", "text/plain"), file("a.toml", "")].map(refusal)).toEqual([
      null,
      null,
      null,
    ]);
  });

  it("says what no model reads", () => {
    expect(refusal(file("a.pdf", "application/pdf"))).toBe(
      "a.pdf cannot be attached. Models read pictures and plain texts.",
    );
    expect(refusal(file("a.mp4", "video/mp4"))).toContain("a.mp4 cannot be attached");
    expect(refusal(file("a.txt", "text/plain", 0))).toBe("a.txt is empty.");
    expect(refusal(file("a.txt", "text/plain", 300_000))).toBe("a.txt has 300.0 kB; a text may have 262.1 kB.");
  });
});

describe("refusalOfAsset", () => {
  it("goes by what the file is, whatever it is called", () => {
    expect(refusalOfAsset({ name: "a.txt", kind: "file", size: 1 })).toContain("a.txt cannot be attached");
    expect(refusalOfAsset({ name: "a", kind: "text", size: 300_000 })).toContain("300.0 kB");
    expect(refusalOfAsset({ name: "a.png", kind: "image", size: 9_000_000 })).toBeNull();
  });
});
