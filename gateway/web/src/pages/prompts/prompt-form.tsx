import { useState } from "react";
import { api } from "@/api/client";
import type { Prompt } from "@/api/types";
import { Dialog } from "@/components/dialog/dialog";
import { EditForm, NameField, TagsField } from "@/components/edit-form/edit-form";
import { Field } from "@/components/field/field";
import { Input, Textarea } from "@/components/input/input";
import { Segmented } from "@/components/segmented/segmented";
import { TagBadges } from "@/components/tag-badges/tag-badges";
import { tags, variables } from "@/prompts/template";

const FIELDS = ["name", "description", "text", "tags"];

function Form({ prompt, onDone }: { prompt: Prompt | null; onDone: () => void }) {
  const [name, setName] = useState(prompt?.name ?? "");
  const [description, setDescription] = useState(prompt?.description ?? "");
  const [purpose, setPurpose] = useState(prompt?.purpose ?? "user");
  const [text, setText] = useState(prompt?.text ?? "");
  const [tagLine, setTagLine] = useState(prompt?.tags.join(", ") ?? "");
  const found = variables(text);
  const save = () => {
    const body = { name, description, purpose, text, tags: tags(tagLine) };
    return prompt === null ? api.createPrompt(body) : api.changePrompt(prompt.id, body);
  };
  return (
    <EditForm
      fields={FIELDS}
      action={prompt === null ? "Keep it" : "Save"}
      save={save}
      changes={[["prompts"]]}
      onDone={onDone}
    >
      {(wrong) => (
        <>
          <NameField value={name} onChange={setName} error={wrong("name")} />
          <div className="grid gap-1.5">
            <span className="text-[0.8125rem] font-medium">What it is</span>
            <Segmented
              label="What it is"
              value={purpose}
              onChange={setPurpose}
              choices={[
                { value: "user", label: "A question" },
                { value: "system", label: "A system prompt" },
              ]}
            />
          </div>
          <Field
            label="Text"
            error={wrong("text")}
            hint="{{topic}} is filled in when the prompt is used; {{age|six}} says six unless it is."
          >
            {(control) => (
              <Textarea
                {...control}
                required
                maxLength={32_000}
                className="max-h-72 min-h-32"
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Field>
          <p role="status" className="flex flex-wrap items-center gap-1.5 text-xs text-muted">
            {found.length === 0 ? "No variables in the text so far." : "Variables:"}
            <TagBadges
              tone="accent"
              tags={found.map((one) => (one.default === null ? one.name : `${one.name} = ${one.default || "nothing"}`))}
            />
          </p>
          <Field label="Description" error={wrong("description")}>
            {(control) => (
              <Input
                {...control}
                maxLength={500}
                placeholder="What it is good for"
                value={description}
                onChange={(event) => setDescription(event.target.value)}
              />
            )}
          </Field>
          <TagsField value={tagLine} onChange={setTagLine} error={wrong("tags")} placeholder="learning, writing" />
        </>
      )}
    </EditForm>
  );
}

interface PromptFormProps {
  /** Null = closed; "new" = one that is not there yet. */
  prompt: Prompt | "new" | null;
  onClose: () => void;
}

/** A template, written or changed. */
export function PromptForm({ prompt, onClose }: PromptFormProps) {
  const known = prompt === "new" ? null : prompt;
  return (
    <Dialog
      open={prompt !== null}
      onOpenChange={(open) => !open && onClose()}
      title={known === null ? "New prompt" : `Edit ${known.name}`}
      side="right"
    >
      {prompt !== null && <Form key={known?.id ?? "new"} prompt={known} onDone={onClose} />}
    </Dialog>
  );
}
