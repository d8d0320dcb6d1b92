import { Dices, Lock, LockOpen } from "lucide-react";
import { Field } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input } from "@/components/input/input";
import type { StudioForm } from "../use-form";
import { lockedSeed, RANDOM_SEED, randomSeed } from "../values";

/** `lastUsed` is the seed of the newest result, or null before the first. */
export function SeedField({ form, lastUsed }: { form: StudioForm; lastUsed: number | null }) {
  const seed = lockedSeed(form.values);
  const locked = seed !== null;
  const again = lastUsed !== null && seed !== lastUsed && (
    <button
      type="button"
      className="text-xs text-accent tabular-nums underline-offset-4 hover:underline"
      onClick={() => form.change({ seed: lastUsed })}
    >
      Last used: {lastUsed}
    </button>
  );
  return (
    <Field
      label="Seed"
      error={form.errors.seed}
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
            onChange={(event) =>
              form.change(event.target.value === "" ? RANDOM_SEED : { seed: event.target.valueAsNumber })
            }
          />
          <IconButton
            label="Roll a seed and lock it"
            onClick={() => form.change({ seed: randomSeed(Math.random()) })}
          >
            <Dices />
          </IconButton>
          <IconButton
            label={locked ? "Unlock: random every time" : "Lock the seed"}
            aria-pressed={locked}
            onClick={() => form.change(locked ? RANDOM_SEED : { seed: lastUsed ?? randomSeed(Math.random()) })}
          >
            {locked ? <Lock className="text-accent" /> : <LockOpen />}
          </IconButton>
        </div>
      )}
    </Field>
  );
}
