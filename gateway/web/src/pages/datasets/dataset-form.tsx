import { useState } from "react";
import { api } from "@/api/client";
import type { Dataset } from "@/api/types";
import { Dialog } from "@/components/dialog/dialog";
import { EditForm, NameField, TagsField } from "@/components/edit-form/edit-form";
import { Field } from "@/components/field/field";
import { Textarea } from "@/components/input/input";
import { tags } from "@/prompts/template";
import { datasetName } from "./describe";

const FIELDS = ["name", "description", "tags"];

function Form({ dataset, onDone }: { dataset: Dataset; onDone: () => void }) {
  const [name, setName] = useState(dataset.name);
  const [description, setDescription] = useState(dataset.description);
  const [tagLine, setTagLine] = useState(dataset.tags.join(", "));
  return (
    <EditForm
      fields={FIELDS}
      action="Save"
      save={() => api.changeDataset(dataset.id, { name, description, tags: tags(tagLine) })}
      changes={[["datasets"], ["dataset", dataset.id], ["ratings"]]}
      onDone={onDone}
    >
      {(wrong) => (
        <>
          <NameField value={name} onChange={setName} error={wrong("name")} />
          <Field label="Description" error={wrong("description")}>
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
          <TagsField value={tagLine} onChange={setTagLine} error={wrong("tags")} placeholder="chat, support" />
        </>
      )}
    </EditForm>
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
