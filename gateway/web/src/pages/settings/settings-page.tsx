import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api } from "@/api/client";
import { learnedQuery } from "@/api/queries";
import { storeToken, token } from "@/api/token";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { CopyButton } from "@/components/copy-button/copy-button";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Segmented } from "@/components/segmented/segmented";
import { toast } from "@/components/toast/toast-store";
import { setTheme, theme } from "@/shell/theme";
import { THEMES } from "@/shell/theme-menu";
import { Card } from "./card";
import { SettingsHeader } from "./settings-header";

function Address({ label, value }: { label: string; value: string }) {
  return (
    <Field label={label} action={<CopyButton text={value} label={`Copy the ${label.toLowerCase()}`} />}>
      {(control) => <Input {...control} readOnly value={value} className="font-mono text-[0.8125rem]" />}
    </Field>
  );
}

function TokenForm() {
  const known = token.use();
  const queries = useQueryClient();
  const [value, setValue] = useState("");
  const save = (event: FormEvent) => {
    event.preventDefault();
    storeToken(value.trim());
    setValue("");
    void queries.resetQueries();
    toast({ tone: "success", title: "The token is kept in this browser" });
  };
  return (
    <form onSubmit={save} className="grid gap-3">
      <Field
        label="Token"
        hint={known === null ? "None is stored. On your own machine none is needed." : "One is stored in this browser."}
      >
        {(control) => (
          <Input
            {...control}
            type="password"
            autoComplete="off"
            value={value}
            placeholder={known === null ? "" : "••••••••"}
            onChange={(event) => setValue(event.target.value)}
          />
        )}
      </Field>
      <div className="flex gap-2">
        <Button type="submit" look="primary" disabled={value.trim() === ""}>
          Store
        </Button>
        {known !== null && (
          <Button
            look="danger"
            onClick={() => {
              storeToken(null);
              void queries.resetQueries();
            }}
          >
            Forget it
          </Button>
        )}
      </div>
    </form>
  );
}

/** What the studio completes prompts from, and how to make it forget. */
function LearnedPhrases() {
  const query = useQuery(learnedQuery);
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { prompts = 0, phrases = 0 } = query.data ?? {};
  return (
    <>
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && (
        <p>
          {prompts === 0
            ? "Nothing has been learned so far."
            : `${phrases} ${phrases === 1 ? "phrase" : "phrases"} from ${prompts} ${prompts === 1 ? "prompt" : "prompts"}.`}
        </p>
      )}
      <Button look="danger" className="justify-self-start" disabled={prompts === 0} onClick={() => setAsking(true)}>
        Forget them
      </Button>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title="Forget what was learned?"
        description="Your phrases will not be suggested any more. Jobs and pictures stay; what you ask from now on is learned anew."
        action="Forget"
        onConfirm={async () => {
          await api.forgetLearned();
          await Promise.all([["learned"], ["completions"]].map((queryKey) => queries.invalidateQueries({ queryKey })));
        }}
      />
    </>
  );
}

export default function SettingsPage() {
  const current = theme.use();
  const health = useQuery({ queryKey: ["health"], queryFn: api.health });
  const origin = window.location.origin;
  return (
    <div className="mx-auto grid w-full max-w-4xl grid-cols-1 gap-5 p-4 md:p-6">
      <SettingsHeader>For this browser. Nothing here leaves it.</SettingsHeader>
      <Card title="Appearance" about="Follow the system, or choose for yourself.">
        <Segmented
          label="Theme"
          value={current}
          onChange={setTheme}
          choices={THEMES.map(({ value, label, icon: Icon }) => ({
            value,
            label: (
              <>
                <Icon aria-hidden="true" />
                {label}
              </>
            ),
          }))}
        />
      </Card>
      <Card
        title="API"
        about="Everything you see here is done through this API. OpenAI's SDKs work against the second address."
      >
        <Address label="API address" value={`${origin}/api`} />
        <Address label="OpenAI base URL" value={`${origin}/v1`} />
        <div className="flex flex-wrap items-center gap-2">
          <Button asChild size="sm">
            <a href="/docs" target="_blank" rel="noreferrer">
              <ExternalLink />
              Reference
            </a>
          </Button>
          <Button asChild size="sm">
            <a href="/openapi.json" target="_blank" rel="noreferrer">
              <ExternalLink />
              OpenAPI document
            </a>
          </Button>
          {health.data && <span className="text-muted">Atelier {health.data.version}</span>}
        </div>
      </Card>
      <Card title="Access" about="Needed only where the operator has set ATELIER_TOKENS.">
        <TokenForm />
      </Card>
      <Card
        title="Learned phrases"
        about="Prompts are completed from the words of your own. Unlike the rest of this page, they are kept on the server."
      >
        <LearnedPhrases />
      </Card>
    </div>
  );
}
