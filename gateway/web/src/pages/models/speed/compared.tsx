import { difference } from "./measurement";

interface ComparedProps {
  now: number;
  before: number;
  best: "more" | "less";
}

/** How a value differs from the measurement before, below it. */
export function Compared({ now, before, best }: ComparedProps) {
  const found = difference(now, before, best);
  if (found === null) return null;
  const tone = found.better === null ? "text-muted" : found.better ? "text-success" : "text-warning";
  return <span className={`block text-xs whitespace-nowrap ${tone}`}>{found.words}</span>;
}
