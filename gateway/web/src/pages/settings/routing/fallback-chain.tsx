import { ArrowDown, ArrowUp, CircleAlert, X } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import type { Endpoint } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Select } from "@/components/select/select";
import { MOST_FALLBACKS, moved, standing } from "./routing";

interface FallbackChainProps {
  endpoints: readonly Endpoint[];
  active: string;
  chain: readonly string[];
  onChange: (chain: string[]) => void;
  /** What the server says about the entry at a place; undefined = nothing. */
  errorAt: (place: number) => string | undefined;
  error: string | undefined;
}

interface EntryProps {
  name: string;
  note: string;
  place: number;
  last: number;
  error: string | undefined;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}

function Entry({ name, note, place, last, error, onMove, onRemove }: EntryProps) {
  const errorId = useId();
  return (
    <li className="border-t first:border-t-0">
      <div className="flex items-center gap-2 py-1.5 pr-1.5 pl-3">
        <span aria-hidden="true" className="w-5 shrink-0 text-muted tabular-nums">
          {place + 1}
        </span>
        <span className="min-w-0 grow truncate">{name}</span>
        {note && <Badge tone="warning">{note}</Badge>}
        <div className="flex shrink-0">
          {/* Not `disabled`: the keyboard would lose its place at either end of the list. */}
          <IconButton
            label={`Move ${name} up`}
            data-move="-1"
            aria-disabled={place === 0 || undefined}
            onClick={() => place > 0 && onMove(-1)}
          >
            <ArrowUp />
          </IconButton>
          <IconButton
            label={`Move ${name} down`}
            data-move="1"
            aria-disabled={place === last || undefined}
            onClick={() => place < last && onMove(1)}
          >
            <ArrowDown />
          </IconButton>
          <IconButton
            label={`Remove ${name}`}
            data-remove=""
            data-invalid={error !== undefined}
            aria-describedby={error === undefined ? undefined : errorId}
            onClick={onRemove}
          >
            <X />
          </IconButton>
        </div>
      </div>
      {error && (
        <p id={errorId} className="flex items-start gap-1.5 px-3 pb-2 text-xs text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-3 shrink-0" />
          {error}
        </p>
      )}
    </li>
  );
}

/** The endpoints asked in turn, put in order by buttons. */
export function FallbackChain({ endpoints, active, chain, onChange, errorAt, error }: FallbackChainProps) {
  const list = useRef<HTMLDivElement>(null);
  const [told, setTold] = useState("");
  // Where the keyboard goes once the list has changed: React may move the very element that has it.
  const [focus, setFocus] = useState<{ place: number; button: string } | null>(null);
  useEffect(() => {
    if (focus === null) return;
    const entry = list.current?.querySelectorAll("li")[focus.place];
    const button =
      entry?.querySelector<HTMLElement>(focus.button) ?? list.current?.querySelector<HTMLElement>("[role=combobox]");
    button?.focus();
    setFocus(null);
  }, [focus]);

  const known = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const nameOf = (id: string) => known.get(id)?.name ?? id;
  const noteOf = (id: string) => {
    const endpoint = known.get(id);
    if (id === active) return "asked first anyway";
    return endpoint === undefined ? "" : standing(endpoint);
  };
  const others = endpoints.filter(({ id }) => id !== active && !chain.includes(id));
  return (
    <div ref={list} className="grid grid-cols-1 gap-3">
      {chain.length === 0 ? (
        <p className="text-muted">None: when the endpoint above cannot answer, the request fails.</p>
      ) : (
        <ol aria-label="Fallback chain" className="rounded-lg border">
          {chain.map((id, place) => (
            <Entry
              key={id}
              name={nameOf(id)}
              note={noteOf(id)}
              place={place}
              last={chain.length - 1}
              error={errorAt(place)}
              onMove={(by) => {
                onChange(moved(chain, place, by));
                setFocus({ place: place + by, button: `[data-move="${by}"]` });
                setTold(`${nameOf(id)} is now number ${place + by + 1} of ${chain.length}.`);
              }}
              onRemove={() => {
                onChange(chain.filter((one) => one !== id));
                setFocus({ place: Math.min(place, chain.length - 2), button: "[data-remove]" });
                setTold(`${nameOf(id)} was removed.`);
              }}
            />
          ))}
        </ol>
      )}
      <p role="status" className="sr-only">
        {told}
      </p>
      {chain.length < MOST_FALLBACKS && (
        <Field
          label="Add an endpoint"
          error={error}
          hint={others.length === 0 ? "All of your endpoints are in use here." : undefined}
        >
          {(control) => (
            <Select
              {...control}
              // Always empty: it adds what is chosen.
              value=""
              placeholder="Choose one"
              onChange={(id) => {
                onChange([...chain, id]);
                setTold(`${nameOf(id)} was added as number ${chain.length + 1}.`);
              }}
              choices={others.map((endpoint) => ({
                value: endpoint.id,
                label: endpoint.name,
                note: standing(endpoint),
              }))}
            />
          )}
        </Field>
      )}
    </div>
  );
}
