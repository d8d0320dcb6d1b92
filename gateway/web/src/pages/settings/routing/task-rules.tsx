import { useId } from "react";
import type { Endpoint } from "@/api/types";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { Select } from "@/components/select/select";
import { type Draft, type Rule, standing, TASKS, type Task } from "./routing";

// Radix keeps the empty value for "nothing chosen".
const NONE = "(none)";

interface TaskRulesProps {
  endpoints: readonly Endpoint[];
  rules: Draft["rules"];
  onChange: (rules: Draft["rules"]) => void;
  errorOf: (task: Task, name: "endpoint_id" | "model") => string | undefined;
}

interface TaskRuleProps {
  label: string;
  about: string;
  endpoints: readonly Endpoint[];
  rule: Rule;
  onChange: (rule: Rule) => void;
  endpointError: string | undefined;
  modelError: string | undefined;
}

function TaskRule({ label, about, endpoints, rule, onChange, endpointError, modelError }: TaskRuleProps) {
  const models = useId();
  const chosen = endpoints.find(({ id }) => id === rule.endpointId);
  return (
    <fieldset className="grid min-w-0 grid-cols-1 gap-x-3 gap-y-2 border-t pt-3 first:border-t-0 first:pt-0 sm:grid-cols-2">
      <legend className="contents">
        <span className="pt-0 sm:col-span-2">
          <span className="font-medium">{label}</span> <span className="text-muted">{about}</span>
        </span>
      </legend>
      <Field label="Endpoint" error={endpointError}>
        {(control) => (
          <Select
            {...control}
            value={rule.endpointId || NONE}
            onChange={(value) => onChange({ endpointId: value === NONE ? "" : value, model: "" })}
            choices={[
              { value: NONE, label: "No rule" },
              ...endpoints.map((endpoint) => ({ value: endpoint.id, label: endpoint.name, note: standing(endpoint) })),
            ]}
          />
        )}
      </Field>
      {rule.endpointId !== "" && (
        <Field label="Model" error={modelError}>
          {(control) => (
            <>
              <Input
                {...control}
                list={models}
                autoComplete="off"
                maxLength={256}
                placeholder={chosen?.model ? `Its own: ${chosen.model}` : "Its own choice"}
                value={rule.model}
                onChange={(event) => onChange({ ...rule, model: event.target.value })}
              />
              <datalist id={models}>
                {chosen?.models.map((model) => (
                  <option key={model.id} value={model.id} />
                ))}
              </datalist>
            </>
          )}
        </Field>
      )}
    </fieldset>
  );
}

/** For each kind of request an endpoint of its own, or none. */
export function TaskRules({ endpoints, rules, onChange, errorOf }: TaskRulesProps) {
  return TASKS.map(({ task, label, about }) => (
    <TaskRule
      key={task}
      label={label}
      about={about}
      endpoints={endpoints}
      rule={rules[task]}
      onChange={(rule) => onChange({ ...rules, [task]: rule })}
      endpointError={errorOf(task, "endpoint_id")}
      modelError={errorOf(task, "model")}
    />
  ));
}
