import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { MessageSquare, Play, Square, Unplug } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { endpointsQuery } from "@/api/queries";
import { ModelFailure } from "@/components/answer/model-failure";
import { Button } from "@/components/button/button";
import { EmptyState } from "@/components/empty-state/empty-state";
import { Field } from "@/components/field/field";
import { Textarea } from "@/components/input/input";
import { NoModel, useMissing } from "@/components/no-model/no-model";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { chatSettings, settingsRequest } from "@/lib/chat-settings";
import { cn } from "@/lib/cn";
import { useFocusAtStart } from "@/lib/focus-at-start";
import { readStored, writeStored } from "@/lib/storage";
import { AnswerColumn } from "./answer-column";
import { contenders, FEWEST, settled } from "./choices";
import { type Comparison, compare, comparison, stopComparing } from "./comparison";
import { ModelChoosers } from "./model-choosers";

const KEY = "atelier.compare";
const COLUMNS = ["", "", "md:grid-cols-2", "md:grid-cols-2 xl:grid-cols-3", "md:grid-cols-2 2xl:grid-cols-4"];

function stored(): string[] {
  const value = readStored(() => localStorage, KEY);
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function Result({ shown }: { shown: Comparison }) {
  const { question, asked, answers, conversationId, under, problem } = shown;
  return (
    <section aria-label="Answers" className="grid grid-cols-1 gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="line-clamp-3 min-w-0 rounded-2xl bg-accent-soft px-4 py-2.5 wrap-anywhere whitespace-pre-wrap">
          {question}
        </p>
        {conversationId !== null && !under && (
          <Button asChild>
            <Link to="/chat/$conversationId" params={{ conversationId }}>
              <MessageSquare />
              Open as a conversation
            </Link>
          </Button>
        )}
      </div>
      {problem !== null && <ModelFailure problem={problem} />}
      <p role="status" className="sr-only">
        {under ? "The models are answering." : "The answers are complete."}
      </p>
      {(under || answers.length > 0) && (
        <div className={cn("grid grid-cols-1 gap-4", COLUMNS[asked.length])}>
          {asked.map((contender, index) => (
            <AnswerColumn
              key={contender.value}
              contender={contender}
              message={answers[index]}
              conversationId={conversationId}
            />
          ))}
        </div>
      )}
    </section>
  );
}

export default function ComparePage() {
  const queries = useQueryClient();
  const query = useQuery(endpointsQuery);
  const shown = comparison.use();
  const [chosen, setChosen] = useState(stored);
  const [text, setText] = useState(shown?.question ?? "");
  const box = useRef<HTMLTextAreaElement>(null);
  useFocusAtStart(box);
  const missing = useMissing();
  const under = shown?.under === true;
  const all = contenders(query.data?.items ?? []);
  const models = settled(chosen, all);
  const choose = (next: string[]) => {
    setChosen(next);
    writeStored(() => localStorage, KEY, next);
  };
  const ask = () => {
    const content = text.trim();
    if (under || content === "" || models.length < FEWEST) return;
    const { model: _, ...settings } = settingsRequest(chatSettings.get());
    const asked = models.flatMap((value) => all.find((one) => one.value === value) ?? []);
    void compare(queries, asked, { ...settings, content, models });
  };
  return (
    <div className="mx-auto grid w-full max-w-7xl grid-cols-1 gap-5 p-4 md:p-6">
      <PageHeader title="Compare">One question, several models, their answers side by side.</PageHeader>
      {query.isPending && <Skeleton className="h-48 rounded-2xl" />}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      <NoModel />
      {query.isSuccess && all.length < FEWEST && missing === null && (
        <EmptyState
          icon={Unplug}
          title="Two models are needed"
          action={
            <Button asChild look="primary">
              <Link to="/models/new">Add a model</Link>
            </Button>
          }
        >
          {all.length === 0 ? "There is none so far." : `So far there is only ${all[0]?.model || all[0]?.endpoint}.`} Connect
          one of your own machine or in the cloud.
        </EmptyState>
      )}
      {all.length >= FEWEST && (
        <form
          aria-label="Comparison"
          className="grid grid-cols-1 gap-4 rounded-2xl border bg-surface p-5 shadow-card"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            ask();
          }}
        >
          <ModelChoosers all={all} chosen={models} onChange={choose} />
          <Field label="Question" hint="Asked with the temperature and length that are set in the chat.">
            {(control) => (
              <Textarea
                {...control}
                ref={box}
                className="max-h-56"
                placeholder="Ask anything"
                value={text}
                onChange={(event) => setText(event.target.value)}
                onKeyDown={(event) => {
                  // While an input method composes, Enter chooses a character.
                  if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
                  event.preventDefault();
                  ask();
                }}
              />
            )}
          </Field>
          <div className="flex justify-end">
            {/* Keys: were it the same button, it would submit by the end of the click that stops. */}
            {under ? (
              <Button key="stop" look="primary" onClick={stopComparing}>
                <Square className="fill-current" />
                Stop all
              </Button>
            ) : (
              <Button key="ask" type="submit" look="primary" disabled={text.trim() === ""}>
                <Play />
                Ask them all
              </Button>
            )}
          </div>
        </form>
      )}
      {shown !== null && <Result shown={shown} />}
    </div>
  );
}
