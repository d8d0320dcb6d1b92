import { RefreshCw, WandSparkles } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Textarea } from "@/components/input/input";

interface RefineBoxProps {
  /** The version that is changed. */
  version: number;
  /** False where there is no file that could be changed. */
  refinable: boolean;
  /** What was asked for and could not be had. */
  initial: string;
  error: string | undefined;
  onRefine: (instruction: string) => void;
  onRegenerate: () => void;
}

/** What shall be different, or everything anew. */
export function RefineBox({ version, refinable, initial, error, onRefine, onRegenerate }: RefineBoxProps) {
  const [instruction, setInstruction] = useState(initial);
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (instruction.trim() !== "") onRefine(instruction.trim());
  };
  return (
    <form
      aria-label="Next version"
      onSubmit={send}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
      }}
      className="grid grid-cols-1 gap-3 rounded-2xl border bg-surface p-4 shadow-card"
    >
      {refinable && (
        <Field label={`What shall be different from version ${version}?`} error={error}>
          {(control) => (
            <Textarea
              {...control}
              className="max-h-60"
              maxLength={20_000}
              placeholder="Make the button blue and say how often it was pressed."
              value={instruction}
              onChange={(event) => setInstruction(event.target.value)}
            />
          )}
        </Field>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onRegenerate}>
          <RefreshCw />
          Regenerate
        </Button>
        {refinable && (
          <Button type="submit" look="primary" disabled={instruction.trim() === ""}>
            <WandSparkles />
            Refine
          </Button>
        )}
      </div>
    </form>
  );
}
