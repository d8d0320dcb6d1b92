import { useId } from "react";
import type { Message } from "@/api/types";
import { AnswerFailure } from "@/components/answer/answer-failure";
import { figures } from "@/components/answer/byline";
import { FallbackNote } from "@/components/answer/fallback-note";
import { Rating } from "@/components/answer/rating";
import { Thinking } from "@/components/answer/thinking";
import { CopyButton } from "@/components/copy-button/copy-button";
import { Markdown } from "@/components/markdown/markdown";
import type { Contender } from "./choices";
import { replaceAnswer } from "./comparison";

interface AnswerColumnProps {
  contender: Contender;
  /** Undefined until it begins. */
  message: Message | undefined;
  conversationId: string | null;
}

/** One model's answer among several. */
export function AnswerColumn({ contender, message, conversationId }: AnswerColumnProps) {
  const id = useId();
  const { model, endpoint } = contender;
  const name = model || endpoint;
  const writing = message?.status === "streaming";
  return (
    <article
      aria-labelledby={id}
      data-answer={message?.status ?? "waiting"}
      className="flex min-w-0 flex-col gap-3 rounded-2xl border bg-surface p-4 shadow-card"
    >
      <header className="min-w-0">
        <h2 id={id} className="font-semibold wrap-anywhere">
          {name}
        </h2>
        <p className="text-xs wrap-anywhere text-muted">{model === "" ? "Its own model" : endpoint}</p>
      </header>
      <div className="grid min-w-0 grow grid-cols-1 content-start gap-3">
        {message !== undefined && message.content !== "" && <Markdown text={message.content} />}
        {writing && message.content === "" && <Thinking />}
        {message?.status === "stopped" && message.content === "" && <p className="text-muted">Stopped before a word.</p>}
        {message !== undefined && <AnswerFailure message={message} />}
      </div>
      {message !== undefined && !writing && (
        <footer className="grid grid-cols-1 gap-1 border-t pt-2">
          <div className="-ml-2 flex min-h-8 flex-wrap items-center">
            {message.content !== "" && conversationId !== null && (
              <>
                <Rating conversationId={conversationId} message={message} of={name} onRated={replaceAnswer} />
                <CopyButton text={message.content} label={`Copy the answer of ${name}`} />
              </>
            )}
            <span className="ml-2 min-w-0 text-xs text-muted tabular-nums">{figures(message)}</span>
          </div>
          {message.answered_by && <FallbackNote {...message.answered_by} />}
        </footer>
      )}
    </article>
  );
}
