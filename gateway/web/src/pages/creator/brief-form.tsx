import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Sparkles, Square } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import { codeOptionsQuery } from "@/api/queries";
import { ModelFailure } from "@/components/answer/model-failure";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Input, Textarea } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Select } from "@/components/select/select";
import { Skeleton } from "@/components/skeleton/skeleton";
import { showFirstError } from "@/lib/first-error";
import { useFocusAtStart } from "@/lib/focus-at-start";
import { useSecondsLeft } from "@/lib/use-seconds-left";
import { changeBrief, clearBrief, draft, FIELDS, possible, refuse, targetLabel } from "./brief";
import { beginProject } from "./writings";

/** What shall be written; takes to the project as soon as there is one. */
export function BriefForm() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const options = useQuery(codeOptionsQuery);
  const { brief: filled, problem } = draft.use();
  const wait = useSecondsLeft(problem?.retryAt ?? null);
  const [controller, setController] = useState<AbortController | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const first = useRef<HTMLInputElement>(null);
  const here = useRef(true);
  useFocusAtStart(first);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  useEffect(() => {
    if (problem !== null) showFirstError(form.current);
  }, [problem]);
  const frameworks = options.data?.items ?? [];
  const brief = possible(filled, frameworks);
  const targets = frameworks.find(({ name }) => name === brief.framework)?.targets ?? [];
  const error = (field: string) => problem?.field(field);
  const generate = async (event?: FormEvent) => {
    event?.preventDefault();
    if (controller !== null || wait > 0) return;
    const begun = new AbortController();
    setController(begun);
    draft.set({ brief, problem: null });
    try {
      const project = await beginProject(queries, brief, begun);
      clearBrief();
      // One may have gone elsewhere meanwhile.
      if (here.current) await navigate({ to: "/creator/$projectId", params: { projectId: project.id } });
    } catch (failure) {
      if (!begun.signal.aborted) refuse(brief, asProblem(failure));
    } finally {
      setController(null);
    }
  };
  return (
    <form
      ref={form}
      noValidate
      aria-label="New project"
      onSubmit={(event) => void generate(event)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void generate();
      }}
      className="grid grid-cols-1 content-start gap-4 rounded-2xl border bg-surface p-4 shadow-card md:p-5"
    >
      <Field label="Project name" error={error("project_name")}>
        {(control) => (
          <Input
            {...control}
            ref={first}
            maxLength={100}
            autoComplete="off"
            placeholder="Counter"
            value={brief.project_name}
            onChange={(event) => changeBrief({ project_name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Description" error={error("description")}>
        {(control) => (
          <Textarea
            {...control}
            className="max-h-80 min-h-32"
            placeholder="A button that counts its clicks, with a way to begin again."
            value={brief.description}
            onChange={(event) => changeBrief({ description: event.target.value })}
          />
        )}
      </Field>
      {options.isError && options.data === undefined ? (
        <ProblemNotice error={options.error} onRetry={() => void options.refetch()} />
      ) : options.data === undefined ? (
        <Skeleton className="h-16" />
      ) : (
        <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
          <Field label="Framework" error={error("framework")}>
            {(control) => (
              <Select
                {...control}
                value={brief.framework}
                onChange={(framework) => changeBrief(possible({ ...brief, framework }, frameworks))}
                choices={frameworks.map(({ name, label }) => ({ value: name, label }))}
              />
            )}
          </Field>
          <Field label="Target" error={error("target_type")}>
            {(control) => (
              <Select
                {...control}
                value={brief.target_type}
                onChange={(target_type) => changeBrief({ target_type })}
                choices={targets.map((target) => ({ value: target, label: targetLabel(target) }))}
              />
            )}
          </Field>
        </div>
      )}
      {problem !== null && (
        <ModelFailure problem={problem} shownFields={FIELDS} />
      )}
      <div className="flex justify-end">
        {controller === null ? (
          <Button type="submit" look="primary" size="lg" disabled={options.data === undefined || wait > 0}>
            <Sparkles />
            Generate
          </Button>
        ) : (
          <Button key="stop" size="lg" onClick={() => controller.abort()}>
            <Square className="fill-current" />
            Stop
          </Button>
        )}
      </div>
    </form>
  );
}
