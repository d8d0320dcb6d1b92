import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type RefObject, useDeferredValue, useState } from "react";
import { promptsQuery } from "@/api/queries";
import type { Prompt } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Dialog } from "@/components/dialog/dialog";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { toast } from "@/components/toast/toast-store";
import { FillForm } from "@/prompts/fill-form";

interface PromptPickerProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onText: (text: string) => void;
  onSystemPrompt: (text: string) => void;
  focusAfter: RefObject<HTMLElement | null>;
}

function Choices({ onChoose }: { onChoose: (prompt: Prompt) => void }) {
  const [typed, setTyped] = useState("");
  const search = useDeferredValue(typed.trim());
  const query = useInfiniteQuery({ ...promptsQuery(search), placeholderData: (previous) => previous });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="grid grid-cols-1 gap-3">
      <Input
        autoFocus
        type="search"
        aria-label="Search prompts"
        placeholder="Search"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {query.isPending && <Skeleton className="h-24" />}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && (
        <p className="py-4 text-center text-muted">
          {search === "" ? "Prompts you keep can be inserted here." : "No prompt has these words."}
        </p>
      )}
      <ul aria-label="Prompts" className="grid grid-cols-1 gap-0.5">
        {items.map((prompt) => (
          <li key={prompt.id}>
            <button
              type="button"
              className="grid w-full grid-cols-1 rounded-lg px-2.5 py-1.5 text-left hover:bg-hover"
              onClick={() => onChoose(prompt)}
            >
              <span className="flex min-w-0 items-center gap-2">
                <span className="truncate font-medium">{prompt.name}</span>
                {prompt.purpose === "system" && <Badge>System prompt</Badge>}
              </span>
              <span className="truncate text-xs text-muted">{prompt.description || prompt.text}</span>
            </button>
          </li>
        ))}
      </ul>
      <Link to="/prompts" className="w-fit text-accent underline-offset-2 hover:underline">
        All prompts
      </Link>
    </div>
  );
}

/** Choose a template, fill its gaps, and put it where it belongs: into the question or before it. */
export function PromptPicker({ open, onOpenChange, onText, onSystemPrompt, focusAfter }: PromptPickerProps) {
  const [filling, setFilling] = useState<Prompt | null>(null);
  const change = (next: boolean) => {
    setFilling(null);
    onOpenChange(next);
  };
  const take = (prompt: Prompt, text: string) => {
    if (prompt.purpose === "system") {
      onSystemPrompt(text);
      toast({ tone: "success", title: "The system prompt is set", detail: prompt.name });
    } else {
      onText(text);
    }
    change(false);
  };
  return (
    <Dialog open={open} onOpenChange={change} title={filling?.name ?? "Insert a prompt"} focusAfter={focusAfter}>
      {filling === null ? (
        <Choices
          onChoose={(prompt) => (prompt.variables.length === 0 ? take(prompt, prompt.text) : setFilling(prompt))}
        />
      ) : (
        <FillForm
          prompt={filling}
          action={filling.purpose === "system" ? "Set the system prompt" : "Insert"}
          onFilled={(text) => take(filling, text)}
          onBack={() => setFilling(null)}
        />
      )}
    </Dialog>
  );
}
