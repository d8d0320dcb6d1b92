import { describe, expect, it } from "vitest";
import { addDays, checkRange, dayOf, daysIn, lastDays, shortDay, spanOfDays } from "./range";

describe("days", () => {
  it("are those of UTC", () => {
    expect(dayOf(Date.parse("2026-01-31T23:59:59Z"))).toBe("2026-01-31");
    expect(dayOf(Date.parse("2026-02-01T01:00:00+02:00"))).toBe("2026-01-31");
    expect(addDays("2026-02-28", 1)).toBe("2026-03-01");
  });

  it("of a range include both ends, over leap days and summer time", () => {
    expect(daysIn({ since: "2028-02-28", until: "2028-03-01" })).toEqual(["2028-02-28", "2028-02-29", "2028-03-01"]);
    expect(daysIn(lastDays(90, "2026-04-15"))).toHaveLength(90);
    expect(daysIn({ since: "2026-02-02", until: "2026-02-01" })).toEqual([]);
  });

  it("are written short", () => {
    expect(shortDay("2026-01-31")).toBe("31 Jan");
    expect(spanOfDays({ since: "2026-01-31", until: "2026-01-31" })).toBe("31 Jan 2026");
    expect(spanOfDays({ since: "2026-01-25", until: "2026-01-31" }).replaceAll(/\s/g, " ")).toMatch(
      /^25 ?– ?31 Jan 2026$/,
    );
  });
});

describe("checkRange", () => {
  it("wants two days in order", () => {
    expect(checkRange({ since: "2026-01-01", until: "2026-01-01" })).toEqual({});
    expect(Object.keys(checkRange({ since: "", until: "" }))).toEqual(["since", "until"]);
    expect(Object.keys(checkRange({ since: "2026-01-02", until: "2026-01-01" }))).toEqual(["since"]);
  });
});
