import type { FormEvent } from "react";
import { Button } from "@/components/button/button";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import type { Draft } from "./drafts";

export interface StepProps {
  draft: Draft;
  onChange: (draft: Draft) => void;
  onBack: () => void;
}

export function AddressStep({ draft, onChange, onBack, onNext }: StepProps & { onNext: () => void }) {
  const { platform } = draft;
  const next = (event: FormEvent) => {
    event.preventDefault();
    onNext();
  };
  return (
    <form onSubmit={next} className="grid grid-cols-1 gap-5">
      <h2 className="font-semibold">Where is {platform.kind === "openai_compatible" ? "it" : platform.label}?</h2>
      <Field
        label="Address"
        hint={platform.address === "" ? "As its documentation says; most end in /v1." : `Usually ${platform.address}`}
      >
        {(control) => (
          <Input
            {...control}
            data-begin=""
            required
            inputMode="url"
            spellCheck={false}
            autoComplete="off"
            placeholder={platform.address || "http://192.168.1.20:8000/v1"}
            value={draft.address}
            onChange={(event) => onChange({ ...draft, address: event.target.value })}
          />
        )}
      </Field>
      {platform.key !== "none" && (
        <Field
          label="API key"
          hint={`${platform.key === "needed" ? "From your account there." : "If it wants one."} It is kept encrypted and never shown again.`}
        >
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="off"
              value={draft.key}
              onChange={(event) => onChange({ ...draft, key: event.target.value })}
            />
          )}
        </Field>
      )}
      <div className="flex justify-between gap-2">
        <Button onClick={onBack}>Back</Button>
        <Button type="submit" look="primary">
          Test it
        </Button>
      </div>
    </form>
  );
}
