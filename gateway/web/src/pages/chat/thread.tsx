import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { conversationQuery } from "@/api/queries";
import type { Message, MessageRequest } from "@/api/types";
import { ModelFailure } from "@/components/answer/model-failure";
import { IconButton } from "@/components/icon-button/icon-button";
import { NoModel } from "@/components/no-model/no-model";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { toast } from "@/components/toast/toast-store";
import { chatSettings, settingsRequest } from "@/lib/chat-settings";
import { conversationTitle } from "@/lib/format";
import { answer, answers, dismissAnswerProblem, isAnswering, stopAnswering } from "./answers";
import { Composer } from "./composer";
import { MessageView } from "./message-view";
import { ModelControls } from "./model-controls";
import { shownLeaf } from "./shown-leaf";
import { type BranchPoint, branch, choose, followNewest, type Selection } from "./tree";
import { usePinnedScroll } from "./use-pinned-scroll";

const NONE: Message[] = [];

/** One conversation. */
export function Thread({ id }: { id: string }) {
  const queries = useQueryClient();
  const query = useQuery({ ...conversationQuery(id), refetchOnMount: () => (isAnswering(id) ? false : "always") });
  const under = answers.use()[id];
  const locked = under !== undefined && under.problem === null;
  const [selection, setSelection] = useState<Selection>({});
  const container = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { away, toEnd } = usePinnedScroll(container, content);
  const messages = query.data?.messages ?? NONE;
  const points = useMemo(() => branch(messages, selection), [messages, selection]);
  const leaf = points.at(-1)?.message ?? null;
  const leafId = leaf?.id;
  useEffect(() => {
    shownLeaf.set(leafId === undefined ? null : { conversationId: id, leafId });
    return () => shownLeaf.set(null);
  }, [id, leafId]);

  const ask = useCallback(
    (request: MessageRequest, below: string | null) => {
      setSelection((now) => followNewest(now, below));
      void answer(queries, id, { ...settingsRequest(chatSettings.get()), ...request });
    },
    [queries, id],
  );
  const send = (text: string, attachments: string[]) => {
    ask({ content: text, attachments, parent_id: leaf?.id ?? null }, leaf?.id ?? null);
    toEnd();
    return true;
  };
  const onChoose = useCallback((point: BranchPoint, by: number) => setSelection((now) => choose(now, point, by)), []);
  const onRegenerate = useCallback(
    (message: Message) => ask({ parent_id: message.parent_id }, message.parent_id),
    [ask],
  );
  const onEdit = useCallback(
    (message: Message, text: string) => {
      const attachments = message.attachments.map((one) => one.asset_id);
      ask({ content: text, attachments, parent_id: message.parent_id }, message.parent_id);
    },
    [ask],
  );
  const saveSystemPrompt = async (system_prompt: string) => {
    try {
      const changed = await api.changeConversation(id, { system_prompt });
      queries.setQueryData(conversationQuery(id).queryKey, (detail) => detail && { ...detail, ...changed });
    } catch (error) {
      toast({ tone: "danger", title: "The system prompt was not saved", detail: asProblem(error).message });
    }
  };

  return (
    <section aria-label={conversationTitle(query.data)} className="relative flex min-h-0 min-w-0 grow flex-col">
      <div ref={container} className="relative min-h-0 grow overflow-y-auto">
        <div ref={content} aria-live="off" className="mx-auto grid w-full max-w-3xl grid-cols-1 gap-4 px-4 py-6">
          {query.isPending && (
            <>
              <Skeleton className="ml-auto h-12 w-2/3 rounded-2xl" />
              <Skeleton className="h-28" />
            </>
          )}
          {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
          {points.map((point) => (
            <MessageView
              key={point.message.id}
              conversationId={id}
              point={point}
              locked={locked}
              onChoose={onChoose}
              onRegenerate={onRegenerate}
              onEdit={onEdit}
            />
          ))}
          {locked && leaf?.role !== "assistant" && (
            <p role="status" className="animate-pulse text-muted">
              {under.request.content !== undefined && points.length === 0 ? "Sending…" : "Waiting for the model…"}
            </p>
          )}
          {under?.problem && (
            <ModelFailure
              problem={under.problem}
              onRetry={() => {
                const { request } = under;
                dismissAnswerProblem(id);
                // A question that reached the conversation is answered; one that did not is asked again.
                const stored = leaf?.role === "user" && leaf.content === request.content;
                ask(stored ? { parent_id: leaf.id } : request, stored ? leaf.id : (request.parent_id ?? null));
              }}
            />
          )}
          <p className="sr-only" role="status">
            {locked ? "The model is answering." : leaf?.role === "assistant" ? "The answer is complete." : ""}
          </p>
        </div>
      </div>
      <div className="mx-auto grid w-full max-w-3xl grid-cols-1 gap-3 px-4 pb-4">
        {away && (
          <div className="relative">
            <IconButton
              label="To the newest message"
              look="secondary"
              size="icon"
              className="absolute right-0 bottom-3 rounded-full shadow-float"
              onClick={toEnd}
            >
              <ArrowDown />
            </IconButton>
          </div>
        )}
        <NoModel />
        <Composer
          key={id}
          onSend={send}
          onStop={() => stopAnswering(id)}
          answering={locked}
          disabled={query.data === undefined}
          onSystemPrompt={(text) => void saveSystemPrompt(text)}
        >
          <ModelControls
            systemPrompt={query.data?.system_prompt ?? ""}
            onSystemPrompt={(text) => void saveSystemPrompt(text)}
          />
        </Composer>
      </div>
    </section>
  );
}
