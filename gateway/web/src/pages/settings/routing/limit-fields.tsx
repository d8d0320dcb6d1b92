import { RotateCcw } from "lucide-react";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { wholeNumber } from "@/lib/format";
import { type Draft, defaultLimits, LIMITS, type LimitName } from "./routing";

interface LimitFieldsProps {
  limits: Draft["limits"];
  onChange: (limits: Draft["limits"]) => void;
  errorOf: (name: LimitName) => string | undefined;
}

/** How long to wait, how often to try. */
export function LimitFields({ limits, onChange, errorOf }: LimitFieldsProps) {
  const defaults = defaultLimits();
  return (
    <>
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        {LIMITS.map((limit) => (
          <Field
            key={limit.name}
            label={limit.label}
            hint={`${limit.about} Default: ${wholeNumber(limit.default)}.`}
            error={errorOf(limit.name)}
          >
            {(control) => (
              <div className="flex items-center gap-2">
                <Input
                  {...control}
                  inputMode={limit.whole ? "numeric" : "decimal"}
                  autoComplete="off"
                  className="w-28 text-right tabular-nums"
                  value={limits[limit.name]}
                  onChange={(event) => onChange({ ...limits, [limit.name]: event.target.value })}
                />
                <span className="text-muted">{limit.unit}</span>
              </div>
            )}
          </Field>
        ))}
      </div>
      <Button
        size="sm"
        className="justify-self-start"
        disabled={LIMITS.every(({ name }) => limits[name] === defaults[name])}
        onClick={() => onChange(defaults)}
      >
        <RotateCcw />
        Back to defaults
      </Button>
    </>
  );
}
