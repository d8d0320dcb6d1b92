import { Field } from "@/components/field/field";
import { Textarea } from "@/components/input/input";
import { PresetChoice } from "@/components/prompt-field/preset-choice";
import { PromptField } from "@/components/prompt-field/prompt-field";
import { makesVideo } from "../pages";
import type { StudioForm } from "../use-form";
import { PromptSyntax } from "./prompt-syntax";

interface PromptFieldsProps {
  form: StudioForm;
  placeholder: string;
}

/** What the result should show, and what it should not. */
export function PromptFields({ form, placeholder }: PromptFieldsProps) {
  const kind = makesVideo(form.mode) ? "video" : "image";
  return (
    <>
      <PromptField
        // Where a picture is needed, that comes first.
        first={!form.mode.fields.image?.required}
        action={<PromptSyntax options={form.options} />}
        kind={kind}
        error={form.errors.prompt}
        placeholder={placeholder}
        value={form.text("prompt")}
        onChange={(prompt) => form.change({ prompt })}
      />
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
      <PresetChoice
        kind={kind}
        prompt={form.text("prompt")}
        negative={form.text("negative_prompt")}
        chosen={form.preset}
        onChange={form.choosePreset}
        error={form.errors.preset}
      />
    </>
  );
}
