import { describe, expect, it } from "vitest";
import { dollars, shortNumber, wholeNumber } from "./format";

describe("dollars", () => {
  it("has cents", () => {
    expect(dollars(0)).toBe("$0.00");
    expect(dollars(1234.5)).toBe("$1,234.50");
    expect(dollars(0.01)).toBe("$0.01");
  });

  it("keeps two digits of what is below a cent", () => {
    expect(dollars(0.00423)).toBe("$0.0042");
    expect(dollars(0.0000023)).toBe("$0.0000023");
    expect(dollars(1e-9)).toBe("< $0.000001");
  });
});

describe("numbers", () => {
  it("are grouped, or short", () => {
    expect(wholeNumber(1234567)).toBe("1,234,567");
    expect([812, 12_340, 4_000_000].map(shortNumber)).toEqual(["812", "12.3K", "4M"]);
  });
});
