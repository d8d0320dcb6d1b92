import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { RegisteredModel } from "@/api/types";
import { Button } from "@/components/button/button";
import { CopyButton } from "@/components/copy-button/copy-button";
import { Dialog } from "@/components/dialog/dialog";
import { Field } from "@/components/field/field";
import { Input, Textarea } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { tags } from "@/prompts/template";
import { ModelFace } from "@/registry/model-face";
import { AssetPicker } from "@/studio/source/asset-picker";

const FIELDS = ["name", "description", "tags", "trigger_words"];

/** What people say of a model, and what its file says. */
export function EditModel({ model, onClose }: { model: RegisteredModel | null; onClose: () => void }) {
  return (
    <Dialog
      open={model !== null}
      onOpenChange={(open) => !open && onClose()}
      title={model === null ? "" : `Edit ${model.name}`}
      className="max-w-lg"
    >
      {model !== null && <Form key={model.id} model={model} onDone={onClose} />}
    </Dialog>
  );
}

function Form({ model, onDone }: { model: RegisteredModel; onDone: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(model.name);
  const [description, setDescription] = useState(model.description);
  const [tagLine, setTagLine] = useState(model.tags.join(", "));
  const [words, setWords] = useState(model.trigger_words.join(", "));
  const [preview, setPreview] = useState(model.preview_asset_id);
  const [picking, setPicking] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      api.changeModel(model.id, {
        name,
        description,
        tags: tags(tagLine),
        trigger_words: tags(words),
        preview_asset_id: preview,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["models"] });
      await queries.invalidateQueries({ queryKey: ["generate-options"] });
      onDone();
    },
  });
  const wrong = save.error === null ? null : asProblem(save.error);
  const shown = { ...model, preview_url: preview === null ? null : `/api/assets/${preview}/thumbnail` };
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className="flex items-center gap-3">
        <ModelFace model={shown} className="size-20 shrink-0 overflow-hidden rounded-xl" />
        <div className="flex flex-wrap gap-2">
          <Button size="sm" onClick={() => setPicking(true)}>
            Choose a picture
          </Button>
          {preview !== null && (
            <Button size="sm" look="ghost" onClick={() => setPreview(null)}>
              None
            </Button>
          )}
        </div>
      </div>
      <Field label="Name" error={wrong?.field("name")}>
        {(control) => (
          <Input {...control} required maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />
        )}
      </Field>
      <Field label="Trigger words" hint="Separated by commas." error={wrong?.field("trigger_words")}>
        {(control) => <Input {...control} value={words} onChange={(event) => setWords(event.target.value)} />}
      </Field>
      <Field label="Description" error={wrong?.field("description")}>
        {(control) => (
          <Textarea
            {...control}
            maxLength={2000}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
        )}
      </Field>
      <Field label="Tags" hint="Separated by commas." error={wrong?.field("tags")}>
        {(control) => <Input {...control} value={tagLine} onChange={(event) => setTagLine(event.target.value)} />}
      </Field>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-xs">
        {[
          ["Source", model.source],
          ["Made of or for", model.base_model],
          ["Use", model.note],
        ].map(([label, value]) =>
          value ? (
            <div key={label} className="contents">
              <dt className="text-muted">{label}</dt>
              <dd className="wrap-anywhere">{value}</dd>
            </div>
          ) : null,
        )}
        {model.sha256 && (
          <div className="contents">
            <dt className="self-center text-muted">SHA-256</dt>
            <dd className="flex items-center gap-1 font-mono">
              {model.short_hash}…
              <CopyButton text={model.sha256} label="Copy the SHA-256" />
            </dd>
          </div>
        )}
      </dl>
      {wrong !== null && <ProblemNotice error={wrong} shownFields={FIELDS} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          Save
        </Button>
      </div>
      <AssetPicker open={picking} onOpenChange={setPicking} kinds={["image"]} onPick={setPreview} />
    </form>
  );
}
