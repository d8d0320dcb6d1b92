import { type FormEvent, useId, useRef, useState } from "react";
import type { Prompt } from "@/api/types";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Textarea } from "@/components/input/input";
import { showFirstError } from "@/lib/first-error";
import { fill, missing, variables } from "./template";

interface FillFormProps {
  prompt: Prompt;
  action: string;
  onFilled: (text: string) => void;
  onBack?: () => void;
}

/** The gaps of a template as fields, and the text they make. */
export function FillForm({ prompt, action, onFilled, onBack }: FillFormProps) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<Record<string, string>>({});
  const [tried, setTried] = useState(false);
  const open = missing(prompt.text, values);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (open.length === 0) onFilled(fill(prompt.text, values));
    // The fields say what is wrong once they are drawn.
    else requestAnimationFrame(() => showFirstError(form.current));
  };
  return (
    <form ref={form} noValidate onSubmit={submit} className="grid grid-cols-1 gap-4">
      {variables(prompt.text).map((variable, index) => (
        <Field
          key={variable.name}
          label={variable.name.replaceAll("_", " ")}
          error={tried && open.includes(variable.name) ? "Fill this in." : undefined}
        >
          {(control) => (
            <Textarea
              {...control}
              autoFocus={index === 0}
              rows={1}
              className="max-h-40 min-h-9"
              placeholder={variable.default ?? ""}
              aria-required={variable.default === null}
              value={values[variable.name] ?? ""}
              onChange={(event) => setValues({ ...values, [variable.name]: event.target.value })}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
              }}
            />
          )}
        </Field>
      ))}
      <section aria-labelledby={id} className="grid gap-1.5">
        <h3 id={id} className="text-[0.8125rem] font-medium">
          The text
        </h3>
        <p
          // It scrolls, so the keyboard must reach it.
          tabIndex={0}
          className="max-h-48 overflow-y-auto rounded-lg bg-sunken p-3 wrap-anywhere whitespace-pre-wrap"
        >
          {fill(prompt.text, values)}
        </p>
      </section>
      <div className="flex justify-end gap-2">
        {onBack && <Button onClick={onBack}>Back</Button>}
        <Button type="submit" look="primary">
          {action}
        </Button>
      </div>
    </form>
  );
}
