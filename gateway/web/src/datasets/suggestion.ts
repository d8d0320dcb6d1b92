import type { Ratings } from "@/api/types";

/** What can be done with the answers that were rated. */
export type Suggestion =
  | { kind: "nothing" }
  /** So many more good ones are needed. */
  | { kind: "more"; missing: number }
  | { kind: "make" }
  /** Its dataset does not have what is rated now. */
  | { kind: "update"; dataset: NonNullable<Ratings["dataset"]>; include: "good" | "all" }
  | { kind: "made"; dataset: NonNullable<Ratings["dataset"]> };

export function suggestion({ good, bad, needed, dataset }: Ratings): Suggestion {
  if (dataset === null) {
    if (good === 0) return { kind: "nothing" };
    return good < needed ? { kind: "more", missing: needed - good } : { kind: "make" };
  }
  // One that has bad answers was meant to have them.
  const withBad = dataset.bad > 0;
  const current = dataset.good === good && (!withBad || dataset.bad === bad);
  if (current || good < needed) return { kind: "made", dataset };
  return { kind: "update", dataset, include: withBad ? "all" : "good" };
}

/** "1 answer", "23 answers". */
export function answers(count: number): string {
  return `${count} ${count === 1 ? "answer" : "answers"}`;
}
