/** Days are written `2026-01-31` and are days in UTC, as the server counts them. */

const DAY_MS = 86_400_000;

/** A span of days, both ends included. */
export interface Range {
  since: string;
  until: string;
}

export const SPANS = [7, 30, 90] as const;
export type Span = (typeof SPANS)[number];

export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

export function addDays(day: string, count: number): string {
  return dayOf(Date.parse(day) + count * DAY_MS);
}

/** The last `count` days, `until` included. */
export function lastDays(count: number, until: string): Range {
  return { since: addDays(until, 1 - count), until };
}

/** The days of a range in order; none if it ends before it begins. */
export function daysIn({ since, until }: Range): string[] {
  const count = Math.round((Date.parse(until) - Date.parse(since)) / DAY_MS) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => addDays(since, index));
}

/** What is wrong with a range someone typed. */
export function checkRange({ since, until }: Range): { since?: string; until?: string } {
  return {
    ...(since === "" ? { since: "Choose a day." } : {}),
    ...(until === "" ? { until: "Choose a day." } : {}),
    ...(since !== "" && until !== "" && since > until ? { since: "Must not be later than the last day." } : {}),
  };
}

const short = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const long = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

/** "31 Jan". */
export function shortDay(day: string): string {
  return short.format(Date.parse(day));
}

/** "31 Jan 2026". */
export function longDay(day: string): string {
  return long.format(Date.parse(day));
}

/** "25–31 Jan 2026" for more than one day. */
export function spanOfDays({ since, until }: Range): string {
  return since === until ? longDay(since) : long.formatRange(Date.parse(since), Date.parse(until));
}
