import { useQuery } from "@tanstack/react-query";
import { Heart, Search, SlidersHorizontal, X } from "lucide-react";
import { useEffect, useState } from "react";
import { assetLabelsQuery } from "@/api/queries";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { Popover } from "@/components/popover/popover";
import { Segmented } from "@/components/segmented/segmented";
import { Select } from "@/components/select/select";
import { cn } from "@/lib/cn";
import type { AssetsSearch } from "@/router";
import { tagsOf, withTag } from "./filter";

const TYPED_FOR_MS = 250;
const ANY = "any";
const KINDS = [
  { value: ANY, label: "All" },
  { value: "image", label: "Images" },
  { value: "video", label: "Videos" },
  { value: "file", label: "Files" },
] as const;
const SORTS = [
  { value: "newest", label: "Newest first" },
  { value: "oldest", label: "Oldest first" },
  { value: "largest", label: "Largest first" },
];
const SOURCES = [
  { value: ANY, label: "Everything" },
  { value: "generated", label: "Made here" },
  { value: "uploaded", label: "Uploaded" },
];

interface FilterBarProps {
  search: AssetsSearch;
  onChange: (next: AssetsSearch) => void;
}

function SearchBox({ search, onChange }: FilterBarProps) {
  const [typed, setTyped] = useState(search.q ?? "");
  const [told, setTold] = useState(search.q);
  // The address changed by other means, such as the back button.
  if (told !== search.q) {
    setTold(search.q);
    if ((search.q ?? "") !== typed.trim()) setTyped(search.q ?? "");
  }
  useEffect(() => {
    if (typed.trim() === (search.q ?? "")) return;
    const timer = setTimeout(() => onChange({ ...search, q: typed.trim() || undefined }), TYPED_FOR_MS);
    return () => clearTimeout(timer);
  }, [typed, search, onChange]);
  return (
    <div className="relative min-w-40 grow basis-56">
      <Search aria-hidden="true" className="absolute top-2.5 left-3 size-4 text-muted" />
      <Input
        type="search"
        aria-label="Search assets"
        placeholder="Words in prompt, name, tags, model"
        className="pl-9"
        value={typed}
        maxLength={500}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}

function MoreFilters({ search, onChange }: FilterBarProps) {
  const labels = useQuery(assetLabelsQuery);
  const models = labels.data?.models ?? [];
  const chosen = search.model;
  const known = chosen === undefined || models.some(({ name }) => name === chosen);
  const count = [search.model, search.source, search.from, search.to].filter(Boolean).length;
  return (
    <Popover
      label="More filters"
      trigger={
        <Button aria-label={count > 0 ? `More filters ${count}` : "More filters"}>
          <SlidersHorizontal />
          <span className="max-sm:hidden">Filters</span>
          {count > 0 && <span className="text-accent">{count}</span>}
        </Button>
      }
      className="grid gap-3"
    >
      <Field label="Model">
        {(control) => (
          <Select
            {...control}
            value={chosen ?? ANY}
            choices={[
              { value: ANY, label: "Any" },
              ...models.map(({ name, count: made }) => ({ value: name, label: name, note: made })),
              ...(known ? [] : [{ value: chosen, label: chosen }]),
            ]}
            onChange={(value) => onChange({ ...search, model: value === ANY ? undefined : value })}
          />
        )}
      </Field>
      <Field label="Source">
        {(control) => (
          <Select
            {...control}
            value={search.source ?? ANY}
            choices={SOURCES}
            onChange={(value) =>
              onChange({ ...search, source: value === ANY ? undefined : (value as AssetsSearch["source"]) })
            }
          />
        )}
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <Field label="From">
          {(control) => (
            <Input
              {...control}
              type="date"
              value={search.from ?? ""}
              max={search.to}
              onChange={(event) => onChange({ ...search, from: event.target.value || undefined })}
            />
          )}
        </Field>
        <Field label="To">
          {(control) => (
            <Input
              {...control}
              type="date"
              value={search.to ?? ""}
              min={search.from}
              onChange={(event) => onChange({ ...search, to: event.target.value || undefined })}
            />
          )}
        </Field>
      </div>
    </Popover>
  );
}

const MOST_TAGS = 24;

/** The tags that are used most, those chosen first. */
function Tags({ search, onChange }: FilterBarProps) {
  const labels = useQuery(assetLabelsQuery);
  const chosen = tagsOf(search);
  const others = (labels.data?.tags ?? []).map(({ name }) => name).filter((name) => !chosen.includes(name));
  const shown = [...chosen, ...others.slice(0, MOST_TAGS)];
  if (shown.length === 0) return null;
  return (
    <div role="group" aria-label="Tags" className="flex scrollbar-none gap-1.5 overflow-x-auto py-0.5">
      {shown.map((tag) => (
        <button
          key={tag}
          type="button"
          aria-pressed={chosen.includes(tag)}
          onClick={() => onChange(withTag(search, tag))}
          className={cn(
            "flex h-7 shrink-0 items-center gap-1 rounded-full border px-2.5 text-xs font-medium",
            chosen.includes(tag) ? "border-accent bg-accent-soft text-accent" : "text-muted hover:bg-hover",
          )}
        >
          {tag}
          {chosen.includes(tag) && <X aria-hidden="true" className="size-3" />}
        </button>
      ))}
    </div>
  );
}

/** What is shown, and in which order; all of it stands in the address. */
export function FilterBar({ search, onChange }: FilterBarProps) {
  const { kind = ANY } = search;
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox search={search} onChange={onChange} />
        <Segmented
          label="Kind"
          value={KINDS.some(({ value }) => value === kind) ? (kind as (typeof KINDS)[number]["value"]) : ANY}
          choices={KINDS}
          onChange={(value) => onChange({ ...search, kind: value === ANY ? undefined : value })}
        />
        <Button
          aria-pressed={search.favourite === true}
          aria-label="Favourites"
          onClick={() => onChange({ ...search, favourite: search.favourite ? undefined : true })}
          className={cn(search.favourite && "border-accent bg-accent-soft text-accent")}
        >
          <Heart className={cn(search.favourite && "fill-current")} />
        </Button>
        <MoreFilters search={search} onChange={onChange} />
        <Select
          aria-label="Order"
          className="w-auto"
          value={search.sort ?? (search.board ? "" : "newest")}
          placeholder="As added"
          choices={SORTS}
          onChange={(value) =>
            onChange({ ...search, sort: value === "newest" && !search.board ? undefined : (value as AssetsSearch["sort"]) })
          }
        />
      </div>
      <Tags search={search} onChange={onChange} />
    </div>
  );
}
