import { ChevronDown, RotateCcw, Sparkles } from "lucide-react";
import { type FormEvent, type KeyboardEvent, type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { cn } from "@/lib/cn";
import { showFirstError } from "@/lib/first-error";
import type { StudioForm as Form } from "./use-form";

interface StudioFormProps {
  form: Form;
  label: string;
  /** What the button says that starts the work. */
  action: string;
  /** What is always in sight; the rest is folded away on small screens. */
  essentials: ReactNode;
  children: ReactNode;
}

/** A mode's settings over a button that starts the work; Ctrl+Enter starts it from anywhere in the form. */
export function StudioForm({ form, label, action, essentials, children }: StudioFormProps) {
  const [more, setMore] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  const { problem } = form;
  const showError = useCallback(() => {
    setMore(true);
    requestAnimationFrame(() => showFirstError(element.current));
  }, []);
  useEffect(() => {
    if (problem !== null && problem.fields.length > 0) showError();
  }, [problem, showError]);
  const submit = async () => {
    const job = await form.submit();
    if (job === null) showError();
    // Where the results stand below the form, they would come without being seen.
    else if (matchMedia("(width < 64rem)").matches)
      document.querySelector("#results")?.scrollIntoView({ block: "start" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void submit();
    }
  };
  return (
    <form
      ref={element}
      noValidate
      aria-label={label}
      className="flex min-h-0 flex-col lg:h-full"
      onKeyDown={onKeyDown}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div className="relative grid min-h-0 grid-cols-1 content-start gap-5 overflow-y-auto p-4 md:p-5">
        {essentials}
        <Button
          look="ghost"
          size="sm"
          className="-mx-2 justify-between lg:hidden"
          aria-expanded={more}
          onClick={() => setMore(!more)}
        >
          All settings
          <ChevronDown className={cn("transition-transform", more && "rotate-180")} />
        </Button>
        <div className={cn("grid-cols-1 gap-5 lg:grid", more ? "grid" : "hidden")}>{children}</div>
      </div>
      <div className="grid gap-3 border-t p-4 md:px-5">
        {problem !== null && <ProblemNotice error={problem} shownFields={Object.keys(form.mode.fields)} />}
        <div className="flex gap-2">
          <Button type="submit" look="primary" size="lg" busy={form.busy} className="grow">
            {!form.busy && <Sparkles />}
            {action}
          </Button>
          <IconButton
            label="Back to the defaults (keeps words and pictures)"
            size="icon"
            className="size-11"
            onClick={form.reset}
          >
            <RotateCcw />
          </IconButton>
        </div>
      </div>
    </form>
  );
}
