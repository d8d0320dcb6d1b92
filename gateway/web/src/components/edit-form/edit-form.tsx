import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";

interface EditFormProps {
  /** The fields whose problems are shown at their controls. */
  fields: readonly string[];
  action: string;
  save: () => Promise<unknown>;
  /** What the server has to be asked anew for afterwards. */
  changes: readonly (readonly string[])[];
  onDone: () => void;
  /** The controls; `wrong` says what the server has against a field. */
  children: (wrong: (field: string) => string | undefined) => ReactNode;
}

/** A form that keeps something and is then done with: its problems at the fields, or above the buttons. */
export function EditForm({ fields, action, save, changes, onDone, children }: EditFormProps) {
  const queries = useQueryClient();
  const saving = useMutation({
    mutationFn: save,
    onSuccess: async () => {
      await Promise.all(changes.map((queryKey) => queries.invalidateQueries({ queryKey })));
      onDone();
    },
  });
  const problem = saving.error === null ? null : asProblem(saving.error);
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      {children((field) => problem?.field(field))}
      {problem !== null && !problem.isOnlyAt(fields) && <ProblemNotice error={problem} shownFields={fields} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={saving.isPending}>
          {action}
        </Button>
      </div>
    </form>
  );
}

interface NameFieldProps {
  value: string;
  onChange: (value: string) => void;
  error: string | undefined;
}

/** What a thing is called; the keyboard starts here. */
export function NameField({ value, onChange, error }: NameFieldProps) {
  return (
    <Field label="Name" error={error}>
      {(control) => (
        <Input
          {...control}
          autoFocus
          required
          maxLength={100}
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

/** Words to find a thing by, in one line. */
export function TagsField({ value, onChange, error, placeholder }: NameFieldProps & { placeholder: string }) {
  return (
    <Field label="Tags" hint="Separated by commas." error={error}>
      {(control) => (
        <Input
          {...control}
          placeholder={placeholder}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
