import { Dices, Lock, LockOpen } from "lucide-react";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input } from "@/components/input/input";
import { randomSeed, type Settings } from "./settings";

interface SeedFieldProps {
  seed: number;
  locked: boolean;
  /** The seed of the newest result, or null before the first. */
  lastUsed: number | null;
  error: string | undefined;
  onChange: (part: Partial<Settings>) => void;
}

export function SeedField({ seed, locked, lastUsed, error, onChange }: SeedFieldProps) {
  const again = lastUsed !== null && !(locked && seed === lastUsed) && (
    <button
      type="button"
      className="text-xs text-accent tabular-nums underline-offset-4 hover:underline"
      onClick={() => onChange({ seed: lastUsed, seedLocked: true })}
    >
      Last used: {lastUsed}
    </button>
  );
  return (
    <Field
      label="Seed"
      error={error}
      action={again}
      hint={
        locked
          ? "Locked: the same settings make the same picture again."
          : "Every run draws a new seed; the one used is shown with its result."
      }
    >
      {(control) => (
        <div className="flex items-center gap-1">
          <Input
            {...control}
            type="number"
            inputMode="numeric"
            className="tabular-nums"
            placeholder="Random"
            value={locked && !Number.isNaN(seed) ? seed : ""}
            min={0}
            onChange={(event) => {
              const empty = event.target.value === "";
              onChange(empty ? { seedLocked: false } : { seed: event.target.valueAsNumber, seedLocked: true });
            }}
          />
          <IconButton
            label="Roll a seed and lock it"
            onClick={() => onChange({ seed: randomSeed(Math.random()), seedLocked: true })}
          >
            <Dices />
          </IconButton>
          <IconButton
            label={locked ? "Unlock: random every time" : "Lock the seed"}
            aria-pressed={locked}
            onClick={() => onChange(locked ? { seedLocked: false } : { seed: lastUsed ?? seed, seedLocked: true })}
          >
            {locked ? <Lock className="text-accent" /> : <LockOpen />}
          </IconButton>
        </div>
      )}
    </Field>
  );
}
