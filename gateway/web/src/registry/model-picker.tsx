import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { modelsQuery } from "@/api/queries";
import type { RegisteredModel } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Dialog } from "@/components/dialog/dialog";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { ModelFace } from "./model-face";
import { familyWord, KINDS, type ModelKind, standing } from "./words";

interface ModelPickerProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  kind: ModelKind;
  /** Only models of this family, where one is known. */
  family?: string | undefined;
  /** The name of the chosen one. */
  chosen?: string | undefined;
  onPick: (model: RegisteredModel) => void;
}

/** Choose a model by its picture, name, tags or trigger words. */
export function ModelPicker(props: ModelPickerProps) {
  const title = `Choose a ${KINDS[props.kind] === KINDS.base ? "model" : KINDS[props.kind]}`;
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={title} className="max-w-3xl">
      <Choices {...props} />
    </Dialog>
  );
}

function Choices({ kind, family, chosen, onPick, onOpenChange }: ModelPickerProps) {
  const [typed, setTyped] = useState("");
  const q = useDeferredValue(typed.trim());
  const query = useInfiniteQuery({ ...modelsQuery({ kind, family, q }), placeholderData: (previous) => previous });
  const models = (query.data?.pages.flatMap((page) => page.items) ?? []).filter(
    (model) => model.status !== "downloading" && model.error === null,
  );
  return (
    <div className="grid grid-cols-1 gap-4">
      <Input
        type="search"
        aria-label="Search models"
        placeholder="Name, tag or trigger word"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && models.length === 0 && <p className="py-8 text-center text-muted">There is none like that.</p>}
      <div className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-3">
        {query.isPending && <Skeleton className="h-44 rounded-xl" />}
        {models.map((model) => (
          <button
            key={model.id}
            type="button"
            aria-pressed={model.name === chosen}
            className="grid content-start overflow-hidden rounded-xl border text-left hover:bg-hover aria-pressed:border-accent"
            onClick={() => {
              onPick(model);
              onOpenChange(false);
            }}
          >
            <ModelFace model={model} className="aspect-square w-full" />
            <span className="grid gap-1 p-2.5">
              <span className="truncate text-sm font-medium">{model.name}</span>
              <span className="flex flex-wrap gap-1">
                {familyWord(model.family) && <Badge>{familyWord(model.family)}</Badge>}
                {model.status === "loaded" && <Badge tone={standing(model).tone}>{standing(model).word}</Badge>}
              </span>
              {model.trigger_words.length > 0 && (
                <span className="line-clamp-2 text-xs text-muted">{model.trigger_words.join(", ")}</span>
              )}
            </span>
          </button>
        ))}
      </div>
    </div>
  );
}
