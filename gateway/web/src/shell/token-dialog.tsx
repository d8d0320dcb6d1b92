import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { storeToken, token, tokenWanted } from "@/api/token";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";

/** Asks for a token when the gateway wants one. */
export function TokenDialog() {
  const open = tokenWanted.use();
  const known = token.use();
  const queries = useQueryClient();
  const [value, setValue] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    storeToken(value.trim());
    setValue("");
    void queries.resetQueries();
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => tokenWanted.set(next)}
      title="This gateway needs a token"
      description="Its operator set ATELIER_TOKENS. Paste the token you were given; it stays in this browser."
    >
      <form onSubmit={submit} className="grid gap-4">
        <Field label="Token" error={known === null ? undefined : "The token this browser had was not accepted."}>
          {(control) => (
            <Input
              {...control}
              autoFocus
              type="password"
              autoComplete="current-password"
              required
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" look="primary" className="justify-self-end" disabled={value.trim() === ""}>
          Continue
        </Button>
      </form>
    </Dialog>
  );
}
