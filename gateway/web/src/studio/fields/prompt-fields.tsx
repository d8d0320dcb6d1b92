import { type RefObject, useRef } from "react";
import { Field } from "@/components/field/field";
import { Textarea } from "@/components/input/input";
import { useFocusAtStart } from "@/lib/focus-at-start";
import type { StudioForm } from "../use-form";

interface PromptFieldsProps {
  form: StudioForm;
  placeholder: string;
}

/** What the result should show, and what it should not. */
export function PromptFields({ form, placeholder }: PromptFieldsProps) {
  const prompt: RefObject<HTMLTextAreaElement | null> = useRef(null);
  useFocusAtStart(prompt);
  return (
    <>
      <Field label="Prompt" error={form.errors.prompt}>
        {(control) => (
          <Textarea
            {...control}
            ref={prompt}
            className="min-h-28 max-h-72 text-[0.9375rem]"
            placeholder={placeholder}
            value={form.text("prompt")}
            onChange={(event) => form.change({ prompt: event.target.value })}
          />
        )}
      </Field>
      <Field label="Negative prompt" error={form.errors.negative_prompt}>
        {(control) => (
          <Textarea
            {...control}
            className="min-h-10 max-h-48"
            placeholder="What it should not show"
            value={form.text("negative_prompt")}
            onChange={(event) => form.change({ negative_prompt: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
