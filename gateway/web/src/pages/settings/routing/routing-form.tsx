import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { endpointsQuery, routingQuery } from "@/api/queries";
import type { Endpoint, Routing } from "@/api/types";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Select } from "@/components/select/select";
import { toast } from "@/components/toast/toast-store";
import { showFirstError } from "@/lib/first-error";
import { Card } from "../card";
import { FallbackChain } from "./fallback-chain";
import { LimitFields } from "./limit-fields";
import { checkDraft, type Draft, draftOf, ruleField, sameDraft, shownFields, standing, toRouting } from "./routing";
import { TaskRules } from "./task-rules";

/** A draft as it was sent, and why it was not taken. */
interface Refusal {
  sent: Draft;
  problem: Problem;
}

export function RoutingForm({ routing, endpoints }: { routing: Routing; endpoints: readonly Endpoint[] }) {
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const kept = draftOf(routing);
  // Null as long as nothing was changed: then what the server has is shown, also when that changes.
  const [changed, setChanged] = useState<Draft | null>(null);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refusal | null>(null);
  const draft = changed ?? kept;
  const dirty = !sameDraft(draft, kept);
  const wrong = checkDraft(draft);
  const change = (part: Partial<Draft>) => setChanged({ ...draft, ...part });

  /** What the server said about a field, as long as that part of the form is as it was sent. */
  const said = (part: keyof Draft, field: (sent: Draft) => string) =>
    refused !== null && refused.sent[part] === draft[part] ? refused.problem.field(field(refused.sent)) : undefined;
  useEffect(() => {
    if (refused !== null) showFirstError(form.current);
  }, [refused]);

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(wrong).length > 0) {
      showFirstError(form.current);
      return;
    }
    setBusy(true);
    setRefused(null);
    try {
      queries.setQueryData(routingQuery.queryKey, await api.setRouting(toRouting(draft)));
      setChanged(null);
      // Which of them is active is part of the list.
      void queries.invalidateQueries({ queryKey: endpointsQuery.queryKey });
      toast({ tone: "success", title: "Routing saved", detail: "It applies from the next request on." });
    } catch (failure) {
      // An endpoint may have been deleted elsewhere.
      void queries.invalidateQueries({ queryKey: endpointsQuery.queryKey });
      setChanged(draft);
      setRefused({ sent: draft, problem: asProblem(failure) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => void save(event)}
      className="grid grid-cols-1 gap-5 [&_button]:scroll-mb-24 [&_input]:scroll-mb-24"
    >
      <Card
        title="Who answers"
        about="Requests that name no model, and that no rule below is for, go to this endpoint."
      >
        <Field label="Active endpoint" error={said("active", () => "active")}>
          {(control) => (
            <Select
              {...control}
              value={draft.active}
              onChange={(active) => change({ active })}
              choices={endpoints.map((endpoint) => ({
                value: endpoint.id,
                label: endpoint.name,
                note: standing(endpoint),
              }))}
            />
          )}
        </Field>
      </Card>
      <Card
        title="When it cannot answer"
        about="These are asked in turn, as long as no word of an answer has come. The answer says who gave it."
      >
        <FallbackChain
          endpoints={endpoints}
          active={draft.active}
          chain={draft.fallback}
          onChange={(fallback) => change({ fallback })}
          errorAt={(place) => said("fallback", () => `fallback.${place}`)}
          error={said("fallback", () => "fallback")}
        />
      </Card>
      <Card
        title="Rules by task"
        about="Let one endpoint do what it does best. A request that names a model follows no rule."
      >
        <TaskRules
          endpoints={endpoints}
          rules={draft.rules}
          onChange={(rules) => change({ rules })}
          errorOf={(task, name) => said("rules", (sent) => ruleField(sent, task, name))}
        />
      </Card>
      <Card title="Patience" about="How long to wait for an answer to begin, and how often to try.">
        <LimitFields
          limits={draft.limits}
          onChange={(limits) => change({ limits })}
          errorOf={(name) => wrong[name] ?? said("limits", () => name)}
        />
      </Card>
      {refused !== null && dirty && (
        <ProblemNotice error={refused.problem} shownFields={shownFields(refused.problem)} />
      )}
      <div className="sticky bottom-0 -mx-4 flex min-h-15 flex-wrap items-center justify-end gap-2 border-t bg-background px-4 py-3 md:-mx-6 md:px-6">
        <p role="status" className="grow text-muted">
          {dirty ? "Not saved yet." : ""}
        </p>
        {dirty && (
          <Button
            onClick={() => {
              setChanged(null);
              setRefused(null);
            }}
          >
            Discard
          </Button>
        )}
        <Button type="submit" look="primary" busy={busy} disabled={!dirty}>
          Save routing
        </Button>
      </div>
    </form>
  );
}
