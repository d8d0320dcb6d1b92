import { Plus, X } from "lucide-react";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { Select } from "@/components/select/select";
import { type Contender, FEWEST, MOST, proposed } from "./choices";

interface ModelChoosersProps {
  all: readonly Contender[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Which models are asked: two to four, each once. */
export function ModelChoosers({ all, chosen, onChange }: ModelChoosersProps) {
  const next = proposed(all, all.length).find((value) => !chosen.includes(value));
  return (
    <fieldset className="grid grid-cols-1 gap-2 sm:grid-cols-2">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">Models</legend>
      {chosen.map((value, index) => (
        <div key={value} className="flex min-w-0 items-center gap-1">
          <Select
            aria-label={`Model ${index + 1}`}
            value={value}
            onChange={(other) => onChange(chosen.map((one) => (one === value ? other : one)))}
            choices={all.map((one) => ({
              value: one.value,
              label: one.model || one.endpoint,
              note: one.model === "" ? "its own model" : one.endpoint,
              disabled: one.value !== value && chosen.includes(one.value),
            }))}
          />
          {chosen.length > FEWEST && (
            <IconButton
              label={`Leave out model ${index + 1}`}
              onClick={() => onChange(chosen.filter((one) => one !== value))}
            >
              <X />
            </IconButton>
          )}
        </div>
      ))}
      {chosen.length < MOST && next !== undefined && (
        <Button look="ghost" className="w-fit" onClick={() => onChange([...chosen, next])}>
          <Plus />
          Add a model
        </Button>
      )}
    </fieldset>
  );
}
