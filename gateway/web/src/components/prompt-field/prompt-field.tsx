import { type ReactNode, useRef } from "react";
import { Field } from "@/components/field/field";
import type { PresetKind } from "@/presets/preset";
import { PromptText, type PromptTextHandle } from "./prompt-text";
import { PromptTools } from "./prompt-tools";
import { SuggestionBar } from "./suggestion-bar";

interface PromptFieldProps {
  value: string;
  onChange: (value: string) => void;
  kind: PresetKind;
  placeholder: string;
  error?: string | undefined;
  /** The keyboard starts here when the page appears. */
  first?: boolean;
  /** Shown at the right end of the label's line. */
  action?: ReactNode;
}

/** What should be made, with all the help there is: completion, words to add, enhancement, random prompts. */
export function PromptField({ value, onChange, kind, placeholder, error, first = false, action }: PromptFieldProps) {
  const text = useRef<PromptTextHandle>(null);
  return (
    <div className="grid grid-cols-1 gap-2">
      <Field label="Prompt" error={error} action={action}>
        {(control) => (
          <PromptText
            control={control}
            ref={text}
            value={value}
            onChange={onChange}
            placeholder={placeholder}
            first={first}
          />
        )}
      </Field>
      <SuggestionBar kind={kind} onChoose={(words) => text.current?.add(words)} />
      <PromptTools value={value} onChange={onChange} kind={kind} />
    </div>
  );
}
