import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { endpointsQuery } from "@/api/queries";
import type { Endpoint } from "@/api/types";
import { PageHeader } from "@/components/page-header/page-header";
import { cn } from "@/lib/cn";
import { AddressStep } from "./address-step";
import { DoneStep } from "./done-step";
import { begin, type Draft } from "./drafts";
import { NameStep } from "./name-step";
import { PlatformStep } from "./platform-step";
import { TestStep } from "./test-step";

const STEPS = ["Platform", "Address", "Test", "Name", "Done"] as const;
type Step = (typeof STEPS)[number];

function Steps({ current }: { current: Step }) {
  const at = STEPS.indexOf(current);
  return (
    <ol aria-label="Steps" className="flex flex-wrap gap-x-5 gap-y-2 text-[0.8125rem]">
      {STEPS.map((step, index) => (
        <li
          key={step}
          aria-current={step === current ? "step" : undefined}
          className={cn("flex items-center gap-2 text-muted", step === current && "font-medium text-foreground")}
        >
          <span
            className={cn(
              "grid size-5 place-items-center rounded-full border text-xs tabular-nums",
              index < at && "border-transparent bg-accent-soft text-accent",
              index === at && "border-transparent bg-accent text-accent-foreground",
            )}
          >
            {index < at ? <Check role="img" aria-label="done" className="size-3" /> : index + 1}
          </span>
          {step}
        </li>
      ))}
    </ol>
  );
}

/** From a platform to an endpoint that answers, one question at a time. */
export default function NewEndpointPage() {
  const { data } = useQuery(endpointsQuery);
  const taken = data?.items.map((endpoint) => endpoint.name) ?? [];
  const [step, setStep] = useState<Step>("Platform");
  const [draft, setDraft] = useState<Draft | null>(null);
  const [created, setCreated] = useState<Endpoint | null>(null);
  const box = useRef<HTMLElement>(null);
  const shown = useRef(step);

  // The keyboard goes where the next answer is given, else to the step itself; not when the page has just been opened.
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    (box.current?.querySelector<HTMLElement>("[data-begin]") ?? box.current)?.focus();
  }, [step]);

  return (
    <div className="mx-auto grid w-full max-w-2xl grid-cols-1 gap-6 p-4 md:p-6">
      <PageHeader title="Add a model">
        Connect a server that runs language models.{" "}
        <Link to="/models" className="text-accent underline underline-offset-4">
          All models
        </Link>
      </PageHeader>
      <Steps current={step} />
      <section
        ref={box}
        tabIndex={-1}
        aria-label={step}
        className="grid grid-cols-1 gap-5 rounded-2xl border bg-surface p-5 shadow-card outline-none"
      >
        {step === "Platform" && (
          <PlatformStep
            onChoose={(platform) => {
              setDraft(begin(platform, taken));
              setStep("Address");
            }}
            onFound={(platform, address) => {
              setDraft(begin(platform, taken, address));
              setStep("Test");
            }}
          />
        )}
        {step === "Address" && draft && (
          <AddressStep
            draft={draft}
            onChange={setDraft}
            onBack={() => setStep("Platform")}
            onNext={() => setStep("Test")}
          />
        )}
        {step === "Test" && draft && (
          <TestStep draft={draft} onChange={setDraft} onBack={() => setStep("Address")} onNext={() => setStep("Name")} />
        )}
        {step === "Name" && draft && (
          <NameStep
            draft={draft}
            onChange={setDraft}
            onBack={() => setStep("Test")}
            onCreated={(endpoint) => {
              setCreated(endpoint);
              setStep("Done");
            }}
          />
        )}
        {step === "Done" && created && (
          <DoneStep
            created={created}
            onAnother={() => {
              setDraft(null);
              setStep("Platform");
            }}
          />
        )}
      </section>
    </div>
  );
}
