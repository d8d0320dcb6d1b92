import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import type { Endpoint } from "@/api/types";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { changes, editOf } from "./drafts";

const FIELDS = ["name", "base_url", "model", "api_key", "tags"];

function Form({ endpoint, onDone }: { endpoint: Endpoint; onDone: () => void }) {
  const queries = useQueryClient();
  const models = useId();
  const [edit, setEdit] = useState(() => editOf(endpoint));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const change = (part: Partial<typeof edit>) => setEdit((now) => ({ ...now, ...part }));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const body = changes(endpoint, edit);
    if (Object.keys(body).length === 0) return onDone();
    setBusy(true);
    try {
      await api.changeEndpoint(endpoint.id, body);
      await queries.invalidateQueries({ queryKey: ["endpoints"] });
      onDone();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void save(event)} className="grid grid-cols-1 gap-4">
      {problem !== null && <ProblemNotice error={problem} shownFields={FIELDS} />}
      <Field label="Name" error={problem?.field("name")}>
        {(control) => (
          <Input
            {...control}
            autoFocus
            required
            maxLength={100}
            value={edit.name}
            onChange={(event) => change({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Address" error={problem?.field("base_url")}>
        {(control) => (
          <Input
            {...control}
            inputMode="url"
            spellCheck={false}
            required={endpoint.kind === "openai_compatible"}
            value={edit.address}
            onChange={(event) => change({ address: event.target.value })}
          />
        )}
      </Field>
      <Field label="Model" hint="Empty = the first it lists." error={problem?.field("model")}>
        {(control) => (
          <>
            <Input
              {...control}
              list={models}
              spellCheck={false}
              maxLength={256}
              value={edit.model}
              onChange={(event) => change({ model: event.target.value })}
            />
            <datalist id={models}>
              {endpoint.models.map((model) => (
                <option key={model.id} value={model.id} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field
        label="API key"
        error={problem?.field("api_key")}
        hint={
          edit.forgetKey
            ? "The key it has is forgotten when you save."
            : endpoint.has_key
              ? "Empty = the key it has stays."
              : "It has none."
        }
        action={
          endpoint.has_key && (
            <Button look="ghost" size="sm" onClick={() => change({ forgetKey: !edit.forgetKey })}>
              {edit.forgetKey ? "Keep the key" : "Forget the key"}
            </Button>
          )
        }
      >
        {(control) => (
          <Input
            {...control}
            type="password"
            autoComplete="off"
            placeholder={endpoint.has_key && !edit.forgetKey ? "••••••••" : ""}
            value={edit.key}
            onChange={(event) => change({ key: event.target.value })}
          />
        )}
      </Field>
      <Field label="Tags" hint="Words of your own, with commas between them." error={problem?.field("tags")}>
        {(control) => (
          <Input {...control} value={edit.tags} onChange={(event) => change({ tags: event.target.value })} />
        )}
      </Field>
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** Name, address, model, key and tags of an endpoint; null = closed. */
export function EditEndpoint({ endpoint, onClose }: { endpoint: Endpoint | null; onClose: () => void }) {
  return (
    <Dialog open={endpoint !== null} onOpenChange={(open) => !open && onClose()} title={`Edit ${endpoint?.name ?? ""}`}>
      {endpoint !== null && <Form key={endpoint.id} endpoint={endpoint} onDone={onClose} />}
    </Dialog>
  );
}
