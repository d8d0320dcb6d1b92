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
    <div className="grid grid-cols-1 gap-3 sm:grid-cols-2">
      <Field label={label} hint={about} error={endpointError}>
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
        <Field label={`Model for ${label.toLowerCase()}`} hint="Empty = its own choice." error={modelError}>
          {(control) => (
            <>
              <Input
                {...control}
                list={models}
                autoComplete="off"
                maxLength={256}
                placeholder={chosen?.model || chosen?.models[0]?.id}
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
    </div>
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
