import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Prompt } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { Field } from "@/components/field/field";
import { Input, Textarea } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Segmented } from "@/components/segmented/segmented";
import { tags, variables } from "@/prompts/template";

const FIELDS = ["name", "description", "text", "tags"];

function Form({ prompt, onDone }: { prompt: Prompt | null; onDone: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(prompt?.name ?? "");
  const [description, setDescription] = useState(prompt?.description ?? "");
  const [purpose, setPurpose] = useState(prompt?.purpose ?? "user");
  const [text, setText] = useState(prompt?.text ?? "");
  const [tagLine, setTagLine] = useState(prompt?.tags.join(", ") ?? "");
  const save = useMutation({
    mutationFn: () => {
      const body = { name, description, purpose, text, tags: tags(tagLine) };
      return prompt === null ? api.createPrompt(body) : api.changePrompt(prompt.id, body);
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["prompts"] });
      onDone();
    },
  });
  const wrong = save.error === null ? null : asProblem(save.error);
  const found = variables(text);
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
        error={wrong?.field("text")}
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
        {found.map((one) => (
          <Badge key={one.name} tone="accent" className="inline-block max-w-full truncate">
            {one.default === null ? one.name : `${one.name} = ${one.default || "nothing"}`}
          </Badge>
        ))}
      </p>
      <Field label="Description" error={wrong?.field("description")}>
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
      <Field label="Tags" hint="Separated by commas." error={wrong?.field("tags")}>
        {(control) => (
          <Input
            {...control}
            placeholder="learning, writing"
            value={tagLine}
            onChange={(event) => setTagLine(event.target.value)}
          />
        )}
      </Field>
      {wrong !== null && elsewhere && <ProblemNotice error={wrong} shownFields={FIELDS} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          {prompt === null ? "Keep it" : "Save"}
        </Button>
      </div>
    </form>
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
