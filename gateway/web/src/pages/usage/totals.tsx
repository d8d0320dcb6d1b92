import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/button/button";
import { dollars, wholeNumber } from "@/lib/format";
import type { Sum } from "./group";

function Total({ label, value, children }: { label: string; value: string; children?: ReactNode }) {
  return (
    <div className="grid min-w-0 content-start gap-0.5 rounded-2xl border bg-surface p-4 shadow-card">
      <dt className="text-[0.8125rem] text-muted">{label}</dt>
      <dd className="truncate text-2xl font-semibold tabular-nums">{value}</dd>
      {children && <dd className="text-xs text-pretty text-muted">{children}</dd>}
    </div>
  );
}

/** A cost in words: it may be unknown, or known in part. */
export function costText({ cost, unpriced }: Pick<Sum, "cost" | "unpriced">): string {
  if (cost === null) return "Unknown";
  return unpriced ? `${dollars(cost)} or more` : dollars(cost);
}

function costNote({ cost, unpriced }: Sum): string {
  if (cost === null) return "No price is set.";
  return unpriced ? "Or more: some models have no price." : "By today's prices.";
}

const list = new Intl.ListFormat("en");

/** "a, b and 3 more". */
function few(names: readonly string[]): string {
  return list.format(names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more`] : names);
}

function answers(count: number): string {
  return `${wholeNumber(count)} ${count === 1 ? "answer" : "answers"}`;
}

interface TotalsProps {
  sum: Sum;
  /** Models whose cost is not known. */
  unpriced: readonly string[];
  onPrices: () => void;
}

export function Totals({ sum, unpriced, onPrices }: TotalsProps) {
  const kinds = [
    sum.cached > 0 ? `${wholeNumber(sum.cached)} from memory` : "",
    sum.failed > 0 ? `${wholeNumber(sum.failed)} failed` : "",
  ].filter(Boolean);
  return (
    <div className="grid grid-cols-1 gap-3">
      <dl aria-label="Totals" className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Total label="Requests" value={wholeNumber(sum.requests)}>
          {kinds.length > 0 ? kinds.join(", ") : "None failed."}
        </Total>
        <Total label="Tokens read" value={wholeNumber(sum.prompt_tokens)}>
          {sum.estimated > 0 && `Estimated for ${answers(sum.estimated)}.`}
        </Total>
        <Total label="Tokens written" value={wholeNumber(sum.completion_tokens)}>
          {sum.estimated > 0 && `Estimated for ${answers(sum.estimated)}.`}
        </Total>
        <Total label="Cost" value={sum.cost === null ? "Unknown" : dollars(sum.cost)}>
          {costNote(sum)}
        </Total>
      </dl>
      {unpriced.length > 0 && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border border-warning/30 bg-warning-soft p-3">
          <CircleAlert aria-hidden="true" className="size-4 shrink-0 text-warning" />
          <p className="min-w-0 grow basis-52 text-pretty wrap-anywhere">
            The cost of {few(unpriced)} is not known, because no price is set.
          </p>
          <Button size="sm" onClick={onPrices}>
            Set prices
          </Button>
        </div>
      )}
    </div>
  );
}
