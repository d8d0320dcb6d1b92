import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { conversationQuery, useChatWarming } from "@/api/queries";
import { Button } from "@/components/button/button";
import { NoModel, useMissing } from "@/components/no-model/no-model";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { ServiceWait } from "@/components/service-list/service-wait";
import { chatDraft, EMPTY_DRAFT } from "@/lib/chat-draft";
import { chatSettings, settingsRequest } from "@/lib/chat-settings";
import { answer } from "./answers";
import { Composer } from "./composer";
import { ModelControls } from "./model-controls";

const EXAMPLES = [
  "Explain how a rainbow forms, in three sentences.",
  "Write a Python function that reverses a string.",
  "Suggest five names for a small art studio.",
];

/** Where a conversation begins: it is created with its first message. */
export function NewChat({ prompt }: { prompt: string | undefined }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const draft = useState(chatDraft.get)[0];
  useEffect(() => chatDraft.set(EMPTY_DRAFT), []);
  const [systemPrompt, setSystemPrompt] = useState(draft.systemPrompt);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<{ text: string; attachments: string[]; problem: Problem } | null>(null);
  const begun = useRef(false);
  const warming = useChatWarming();
  const missing = useMissing();

  const begin = useCallback(
    async (text: string, attachments: string[] = []) => {
      setBusy(true);
      setFailed(null);
      try {
        const settings = settingsRequest(chatSettings.get());
        const created = await api.createConversation(systemPrompt === "" ? {} : { system_prompt: systemPrompt });
        queries.setQueryData(conversationQuery(created.id).queryKey, { ...created, messages: [] });
        void answer(queries, created.id, { ...settings, content: text, attachments });
        await navigate({
          to: "/chat/$conversationId",
          params: { conversationId: created.id },
          replace: prompt !== undefined,
        });
      } catch (error) {
        setFailed({ text, attachments, problem: asProblem(error) });
      } finally {
        setBusy(false);
      }
    },
    [queries, navigate, systemPrompt, prompt],
  );
  useEffect(() => {
    // Effects run twice in development; the conversation must not.
    if (prompt === undefined || prompt.trim() === "" || begun.current) return;
    begun.current = true;
    void begin(prompt.trim());
  }, [prompt, begin]);

  return (
    <section aria-label="New conversation" className="relative flex min-h-0 min-w-0 grow flex-col overflow-y-auto">
      <div className="mx-auto flex w-full max-w-3xl grow flex-col justify-center gap-6 px-4 py-8">
        <h2 className="text-center font-serif text-4xl text-balance">What is on your mind?</h2>
        {warming && missing === null && (
          <p className="mx-auto rounded-xl bg-warning-soft px-4 py-3 text-warning">
            <ServiceWait name="chat" otherwise="The language model is being loaded." />
          </p>
        )}
        <NoModel />
        {failed !== null && <ProblemNotice error={failed.problem} onRetry={() => void begin(failed.text, failed.attachments)} />}
        <Composer
          initialText={draft.text}
          onSystemPrompt={setSystemPrompt}
          onSend={(text, attachments) => {
            void begin(text, attachments);
            return true;
          }}
          onStop={() => undefined}
          answering={false}
          disabled={busy}
        >
          <ModelControls systemPrompt={systemPrompt} onSystemPrompt={setSystemPrompt} />
        </Composer>
        <div className="flex flex-wrap justify-center gap-2">
          {EXAMPLES.map((example) => (
            <Button
              key={example}
              size="sm"
              className="h-auto min-h-8 py-1 text-left whitespace-normal"
              disabled={busy}
              onClick={() => void begin(example)}
            >
              {example}
            </Button>
          ))}
        </div>
      </div>
    </section>
  );
}
