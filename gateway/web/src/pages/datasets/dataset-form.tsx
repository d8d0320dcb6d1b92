import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Dataset } from "@/api/types";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { Field } from "@/components/field/field";
import { Input, Textarea } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { tags } from "@/prompts/template";
import { datasetName } from "./describe";

const FIELDS = ["name", "description", "tags"];

function Form({ dataset, onDone }: { dataset: Dataset; onDone: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(dataset.name);
  const [description, setDescription] = useState(dataset.description);
  const [tagLine, setTagLine] = useState(dataset.tags.join(", "));
  const save = useMutation({
    mutationFn: () => api.changeDataset(dataset.id, { name, description, tags: tags(tagLine) }),
    onSuccess: async () => {
      await Promise.all(
        [["datasets"], ["dataset", dataset.id], ["ratings"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
      );
      onDone();
    },
  });
  const wrong = save.error === null ? null : asProblem(save.error);
  const elsewhere = wrong !== null && (wrong.fields.length === 0 || wrong.fields.some((one) => !FIELDS.includes(one.field)));
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Field label="Name" error={wrong?.field("name")}>
        {(control) => (
          <Input
            {...control}
            autoFocus
            required
            maxLength={100}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label="Description" error={wrong?.field("description")}>
        {(control) => (
          <Textarea
            {...control}
            maxLength={2000}
            className="max-h-72"
            placeholder="What is in it, and what it is for"
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
        )}
      </Field>
      <Field label="Tags" hint="Separated by commas." error={wrong?.field("tags")}>
        {(control) => (
          <Input
            {...control}
            placeholder="chat, support"
            value={tagLine}
            onChange={(event) => setTagLine(event.target.value)}
          />
        )}
      </Field>
      {wrong !== null && elsewhere && <ProblemNotice error={wrong} shownFields={FIELDS} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

interface DatasetFormProps {
  /** Null = closed. */
  dataset: Dataset | null;
  onClose: () => void;
}

/** What a dataset is called and said to be; what is in it stays. */
export function DatasetForm({ dataset, onClose }: DatasetFormProps) {
  return (
    <Dialog
      open={dataset !== null}
      onOpenChange={(open) => !open && onClose()}
      title={dataset === null ? "" : `Edit ${datasetName(dataset)}`}
    >
      {dataset !== null && <Form key={dataset.id} dataset={dataset} onDone={onClose} />}
    </Dialog>
  );
}
