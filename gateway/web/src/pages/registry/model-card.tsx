import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, Pencil, Pin, PinOff, RotateCcw, Star, Trash2, X } from "lucide-react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { RegisteredModel } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/components/menu/menu";
import { Progress } from "@/components/progress/progress";
import { toast } from "@/components/toast/toast-store";
import { useLiveJob } from "@/jobs/store";
import { bytes, duration, wholeNumber } from "@/lib/format";
import { ModelFace } from "@/registry/model-face";
import { TriggerWords } from "@/registry/trigger-words";
import { familyWord, kindWord, memoryOf, standing } from "@/registry/words";

interface ModelCardProps {
  model: RegisteredModel;
  onEdit: () => void;
  onDelete: () => void;
}

type Act = "load" | "unload" | "pin" | "unpin" | "retry";

/** A model: what it is, where it stands, and what can be done with it. */
export function ModelCard({ model, onEdit, onDelete }: ModelCardProps) {
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: (what: Act | "favourite") =>
      what === "favourite"
        ? api.changeModel(model.id, { favourite: !model.favourite })
        : api.modelAction(model.id, what),
    onSettled: () => queries.invalidateQueries({ queryKey: ["models"] }),
    onError: (error) => {
      const { message, hint } = asProblem(error);
      toast({ tone: "danger", title: message, detail: hint });
    },
  });
  const { word, tone } = standing(model);
  const facts = [
    kindWord(model.kind),
    familyWord(model.family),
    model.rank > 0 ? `rank ${model.rank}` : "",
    model.size > 0 ? bytes(model.size) : "",
  ].filter(Boolean);
  const inMemory = memoryOf(model);
  return (
    <article aria-label={model.name} className="flex min-w-0 flex-col overflow-hidden rounded-2xl border bg-surface">
      <div className="relative">
        <ModelFace model={model} className="aspect-[16/10] w-full" />
        <div className="absolute top-2 left-2 flex gap-1">
          <Badge tone={tone}>{word}</Badge>
          {model.pinned && <Badge tone="accent">Pinned</Badge>}
        </div>
      </div>
      <div className="flex min-w-0 grow flex-col gap-2.5 p-3.5">
        <div className="flex items-start gap-1">
          <div className="min-w-0 grow">
            <h2 className="truncate font-medium" title={model.name}>
              {model.name}
            </h2>
            <p className="text-xs text-muted">{facts.join(" · ")}</p>
          </div>
          {!model.built_in && <More model={model} act={act.mutate} onEdit={onEdit} onDelete={onDelete} />}
        </div>
        {model.description && <p className="line-clamp-2 text-sm text-muted">{model.description}</p>}
        <TriggerWords words={model.trigger_words} />
        {model.status === "downloading" && <Coming model={model} />}
        {model.error && (
          <p className="text-xs wrap-anywhere text-danger">
            {model.error.message} {model.error.hint}
          </p>
        )}
        <div className="mt-auto flex flex-wrap items-center gap-1.5 pt-1">
          {model.loadable && model.status === "loaded" && (
            <Button size="sm" busy={act.isPending} onClick={() => act.mutate("unload")}>
              Unload
            </Button>
          )}
          {model.loadable && model.status !== "loaded" && (
            <Button size="sm" busy={act.isPending || model.status === "loading"} onClick={() => act.mutate("load")}>
              Load
            </Button>
          )}
          {model.loadable && (
            <IconButton
              label={model.pinned ? `Let ${model.name} go when room is needed` : `Keep ${model.name} in memory`}
              aria-pressed={model.pinned}
              onClick={() => act.mutate(model.pinned ? "unpin" : "pin")}
            >
              {model.pinned ? <PinOff /> : <Pin />}
            </IconButton>
          )}
          {model.status === "failed" && !model.built_in && (
            <Button size="sm" busy={act.isPending} onClick={() => act.mutate("retry")}>
              <RotateCcw />
              Try again
            </Button>
          )}
          <span className="ml-auto text-xs text-muted tabular-nums">
            {[inMemory > 0 ? `${bytes(inMemory)} in memory` : "", model.uses > 0 ? `used ${wholeNumber(model.uses)}×` : ""]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </div>
      </div>
    </article>
  );
}

function More({ model, act, onEdit, onDelete }: ModelCardProps & { act: (what: "favourite") => void }) {
  return (
    <>
      <IconButton
        label={model.favourite ? `${model.name} is a favourite` : `Make ${model.name} a favourite`}
        aria-pressed={model.favourite}
        onClick={() => act("favourite")}
      >
        <Star className={model.favourite ? "fill-current text-accent" : ""} />
      </IconButton>
      <Menu>
        <MenuTrigger>
          <IconButton label={`More about ${model.name}`}>
            <Ellipsis />
          </IconButton>
        </MenuTrigger>
        <MenuContent>
          <MenuItem onSelect={onEdit}>
            <Pencil />
            Edit
          </MenuItem>
          <MenuSeparator />
          <MenuItem onSelect={onDelete}>
            <Trash2 />
            Delete
          </MenuItem>
        </MenuContent>
      </Menu>
    </>
  );
}

/** How far a model on its way is, live. */
function Coming({ model }: { model: RegisteredModel }) {
  const live = useLiveJob(model.job?.id ?? "");
  const job = live ?? model.job;
  const queries = useQueryClient();
  if (job === null) return <p className="text-xs text-muted">Waiting to begin</p>;
  const left = job.eta_s !== null && job.eta_s > 0 ? `${duration(job.eta_s)} left` : "";
  const cancel = async () => {
    await api.jobAction(job.id, "cancel");
    await queries.invalidateQueries({ queryKey: ["models"] });
  };
  return (
    <div className="grid gap-1.5">
      <div className="flex items-center gap-2">
        <Progress label={`Progress of ${model.name}`} value={job.progress > 0 ? job.progress : null} />
        <IconButton label={`Cancel ${model.name}`} onClick={() => void cancel()}>
          <X />
        </IconButton>
      </div>
      <p className="text-xs wrap-anywhere text-muted tabular-nums">
        {[job.message || "Waiting to begin", left].filter(Boolean).join(" · ")}
      </p>
    </div>
  );
}
