import { describe, expect, it } from "vitest";
import type { Endpoint } from "@/api/types";
import { whoIsMissing } from "./missing";

const endpoint = (kind: Endpoint["kind"], status: Endpoint["health"]["status"], enabled = true) =>
  ({ kind, enabled, health: { status } }) as Endpoint;
const gone = endpoint("embedded", "unknown");

describe("whoIsMissing", () => {
  it("is nobody as long as one may answer", () => {
    expect(whoIsMissing([endpoint("embedded", "degraded")])).toBeNull();
    expect(whoIsMissing([gone, endpoint("ollama", "unknown")])).toBeNull();
    expect(whoIsMissing([endpoint("embedded", "healthy"), endpoint("ollama", "offline")])).toBeNull();
  });

  it("tells why nobody can", () => {
    expect(whoIsMissing([gone])).toBe("everyone");
    expect(whoIsMissing([endpoint("embedded", "offline")])).toBe("everyone");
    expect(whoIsMissing([gone, endpoint("ollama", "healthy", false)])).toBe("off");
    expect(whoIsMissing([gone, endpoint("ollama", "healthy", false), endpoint("vllm", "offline")])).toBe("away");
  });

  it("says nothing before anything is known", () => {
    expect(whoIsMissing([])).toBeNull();
  });
});
