import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import type { Endpoint } from "@/api/types";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import type { StepProps } from "./address-step";
import { registered } from "./drafts";

interface NameStepProps extends StepProps {
  onCreated: (endpoint: Endpoint) => void;
}

export function NameStep({ draft, onChange, onBack, onCreated }: NameStepProps) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const facts = {
    Platform: draft.platform.label,
    Address: draft.address,
    Model: draft.model || "the first it lists",
    ...(draft.key === "" ? {} : { "API key": "given, kept encrypted" }),
  };
  const register = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const created = await api.createEndpoint(registered(draft));
      await queries.invalidateQueries({ queryKey: ["endpoints"] });
      onCreated(created);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const wrongName = problem?.field("name");
  return (
    <form onSubmit={(event) => void register(event)} className="grid grid-cols-1 gap-5">
      <h2 className="font-semibold">What do you call it?</h2>
      {problem !== null && wrongName === undefined && <ProblemNotice error={problem} />}
      <Field label="Name" hint="Chats and API requests can ask for it by this name." error={wrongName}>
        {(control) => (
          <Input
            {...control}
            data-begin=""
            required
            maxLength={100}
            autoComplete="off"
            value={draft.name}
            onFocus={(event) => event.target.select()}
            onChange={(event) => onChange({ ...draft, name: event.target.value })}
          />
        )}
      </Field>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {Object.entries(facts).map(([label, value]) => (
          <div key={label} className="contents">
            <dt className="text-muted">{label}</dt>
            <dd className="min-w-0 break-all">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="flex justify-between gap-2">
        <Button onClick={onBack}>Back</Button>
        <Button type="submit" look="primary" busy={busy}>
          Add it
        </Button>
      </div>
    </form>
  );
}
