import { type FormEvent, useState } from "react";
import type { Problem } from "@/api/problem";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { Segmented } from "@/components/segmented/segmented";
import { checkRange, type Range, SPANS, type Span } from "./range";

const CHOICES = [
  ...SPANS.map((count) => ({ value: String(count), label: `${count} days` })),
  { value: "custom", label: "Custom" },
];

interface RangeChooserProps {
  span: Span | "custom";
  range: Range;
  problem: Problem | null;
  onSpan: (span: Span) => void;
  onRange: (range: Range) => void;
}

function DaysForm({ range, problem, onRange }: Pick<RangeChooserProps, "range" | "problem" | "onRange">) {
  const [typed, setTyped] = useState(range);
  const [asked, setAsked] = useState(false);
  const found = checkRange(typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    if (Object.keys(found).length === 0) onRange(typed);
  };
  const changed = typed.since !== range.since || typed.until !== range.until;
  return (
    <form noValidate onSubmit={submit} className="flex flex-wrap items-start gap-3">
      {(["since", "until"] as const).map((name) => (
        <Field
          key={name}
          className="w-40 max-sm:w-auto max-sm:grow max-sm:basis-36"
          label={name === "since" ? "First day" : "Last day"}
          error={(asked ? found[name] : undefined) ?? (changed ? undefined : problem?.field(name))}
        >
          {(control) => (
            <Input
              {...control}
              type="date"
              value={typed[name]}
              onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
      <Button type="submit" className="sm:mt-7.5">
        Show
      </Button>
    </form>
  );
}

/** The last so many days, or any. */
export function RangeChooser({ span, range, problem, onSpan, onRange }: RangeChooserProps) {
  return (
    <div className="grid grid-cols-1 gap-3">
      <Segmented
        label="Time"
        value={String(span)}
        choices={CHOICES}
        onChange={(next) => {
          const count = SPANS.find((one) => String(one) === next);
          if (count === undefined) onRange(range);
          else onSpan(count);
        }}
      />
      {span === "custom" && (
        // Another range from the address bar begins the form anew.
        <DaysForm key={`${range.since} ${range.until}`} range={range} problem={problem} onRange={onRange} />
      )}
    </div>
  );
}
