import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { endpointsQuery, pricesQuery } from "@/api/queries";
import type { UsageItem } from "@/api/types";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { toast } from "@/components/toast/toast-store";
import { showFirstError } from "@/lib/first-error";
import {
  checkLine,
  fieldOf,
  type LineErrors,
  lineKey,
  type PriceGroup,
  type PriceLine,
  priceGroups,
  priceLines,
  toPrices,
} from "./prices";

const KINDS = [
  { name: "prompt", label: "Tokens read" },
  { name: "completion", label: "Tokens written" },
] as const;

interface LineProps {
  line: PriceLine;
  /** What no price means. */
  unset: string;
  errors: LineErrors;
  onChange: (line: PriceLine) => void;
}

function Line({ line, unset, errors, onChange }: LineProps) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 w-full truncate text-[0.8125rem] text-muted">
        {line.model === "" ? "Every model without a price of its own" : line.model}
      </legend>
      <div className="grid grid-cols-2 gap-3">
        {KINDS.map(({ name, label }) => (
          <Field key={name} label={label} error={errors[name]}>
            {(control) => (
              <Input
                {...control}
                inputMode="decimal"
                autoComplete="off"
                placeholder={unset}
                className="text-right tabular-nums"
                value={line[name]}
                onChange={(event) => onChange({ ...line, [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
    </fieldset>
  );
}

function about({ local, gone }: PriceGroup): string {
  if (gone) return "Deleted. Its price counts for what it used.";
  if (local === null) return "Not used in the time shown.";
  return local ? "On this machine or network: free unless you set a price." : "Its cost is not known without a price.";
}

interface FormProps {
  groups: readonly PriceGroup[];
  initial: readonly PriceLine[];
  onSaved: () => void;
  onCancel: () => void;
}

function PricesForm({ groups, initial, onSaved, onCancel }: FormProps) {
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [lines, setLines] = useState(initial);
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<{ lines: readonly PriceLine[]; problem: Problem } | null>(null);
  const errorsOf = (line: PriceLine, place: number): LineErrors => {
    const own = asked ? checkLine(line) : {};
    // What the server said is about the lines as they were sent.
    const sent = refused?.lines[place];
    const said = (name: string) =>
      sent === line ? refused?.problem.field(fieldOf(refused.lines, line, name)) : undefined;
    const prompt = own.prompt ?? said("prompt") ?? said("endpoint_id") ?? said("model");
    const completion = own.completion ?? said("completion");
    return { ...(prompt ? { prompt } : {}), ...(completion ? { completion } : {}) };
  };
  useEffect(() => {
    if (refused !== null) showFirstError(form.current);
  }, [refused]);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    if (lines.some((line) => Object.keys(checkLine(line)).length > 0)) {
      // Once the errors are there.
      requestAnimationFrame(() => showFirstError(form.current));
      return;
    }
    setBusy(true);
    setRefused(null);
    try {
      queries.setQueryData(pricesQuery.queryKey, await api.setPrices({ items: toPrices(lines) }));
      await queries.invalidateQueries({ queryKey: ["usage"] });
      toast({ tone: "success", title: "Prices saved", detail: "Past usage is counted by them too." });
      onSaved();
    } catch (failure) {
      setRefused({ lines, problem: asProblem(failure) });
    } finally {
      setBusy(false);
    }
  };
  const shownFields = refused?.problem.fields.map((entry) => entry.field).filter((field) => field.startsWith("items."));
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => void save(event)}
      className="grid grid-cols-1 gap-6 [&_input]:scroll-mb-20"
    >
      {groups.map((group) => (
        <section
          key={group.endpointId}
          aria-label={group.name}
          className="grid grid-cols-1 gap-3 border-t pt-4 first:border-t-0 first:pt-0"
        >
          <div>
            <h3 className="truncate font-semibold">{group.name}</h3>
            <p className="text-xs text-muted">{about(group)}</p>
          </div>
          {lines.map(
            (line, place) =>
              line.endpointId === group.endpointId && (
                <Line
                  key={lineKey(line.endpointId, line.model)}
                  line={line}
                  unset={line.model !== "" ? "As above" : group.local ? "Free" : "Not set"}
                  errors={errorsOf(line, place)}
                  onChange={(next) => setLines(lines.map((one, index) => (index === place ? next : one)))}
                />
              ),
          )}
        </section>
      ))}
      {refused !== null && <ProblemNotice error={refused.problem} shownFields={shownFields ?? []} />}
      <div className="sticky -bottom-5 -mx-5 -mb-5 flex justify-end gap-2 border-t bg-surface px-5 py-3">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          Save prices
        </Button>
      </div>
    </form>
  );
}

interface SheetProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** What was used in the time shown: its models can be priced. */
  used: readonly UsageItem[];
}

/** What tokens cost, endpoint by endpoint. */
export function PricesSheet({ open, onOpenChange, used }: SheetProps) {
  const endpoints = useQuery({ ...endpointsQuery, enabled: open });
  // All of them are replaced on saving, so the form begins with what they are now, and not again while it is filled in.
  const prices = useQuery({
    ...pricesQuery,
    enabled: open,
    staleTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const failed = [endpoints, prices].find((query) => query.isError && query.data === undefined);
  const ready = endpoints.data !== undefined && prices.data !== undefined && !prices.isFetching;
  const groups = ready ? priceGroups(endpoints.data.items, used, prices.data.items) : [];
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      side="right"
      title="Prices"
      description="US dollars per million tokens. Leave both empty for no price."
    >
      {failed && <ProblemNotice error={failed.error} onRetry={() => void failed.refetch()} />}
      {!ready && !failed && (
        <div className="grid gap-3">
          <Skeleton className="h-24" />
          <Skeleton className="h-24" />
        </div>
      )}
      {ready && (
        <PricesForm
          groups={groups}
          initial={priceLines(groups, prices.data.items)}
          onSaved={() => onOpenChange(false)}
          onCancel={() => onOpenChange(false)}
        />
      )}
    </Dialog>
  );
}
