import { ChevronLeft, ChevronRight, Pencil, RefreshCw } from "lucide-react";
import { memo, useState } from "react";
import type { Message } from "@/api/types";
import { AnswerFailure } from "@/components/answer/answer-failure";
import { byline } from "@/components/answer/byline";
import { FallbackNote } from "@/components/answer/fallback-note";
import { Rating } from "@/components/answer/rating";
import { Thinking } from "@/components/answer/thinking";
import { Button } from "@/components/button/button";
import { CopyButton } from "@/components/copy-button/copy-button";
import { IconButton } from "@/components/icon-button/icon-button";
import { Textarea } from "@/components/input/input";
import { Markdown } from "@/components/markdown/markdown";
import { cn } from "@/lib/cn";
import { Attached } from "./attached";
import type { BranchPoint } from "./tree";

interface MessageViewProps {
  conversationId: string;
  point: BranchPoint;
  /** True while any answer is being written: the tree must not change under it. */
  locked: boolean;
  onChoose: (point: BranchPoint, by: number) => void;
  onRegenerate: (message: Message) => void;
  onEdit: (message: Message, content: string) => void;
}

function BranchSwitch({ point, onChoose }: Pick<MessageViewProps, "point" | "onChoose">) {
  const { index, siblings } = point;
  if (siblings.length < 2) return null;
  return (
    <div className="flex items-center text-xs text-muted tabular-nums">
      <IconButton label="Earlier version" disabled={index === 0} onClick={() => onChoose(point, -1)}>
        <ChevronLeft />
      </IconButton>
      <span>
        {index + 1} / {siblings.length}
      </span>
      <IconButton label="Later version" disabled={index === siblings.length - 1} onClick={() => onChoose(point, 1)}>
        <ChevronRight />
      </IconButton>
    </div>
  );
}

function UserMessage({ point, locked, onChoose, onEdit }: MessageViewProps) {
  const { message } = point;
  const [draft, setDraft] = useState<string | null>(null);
  const resend = () => {
    if (draft === null || draft.trim() === "") return;
    onEdit(message, draft.trim());
    setDraft(null);
  };
  if (draft !== null) {
    return (
      <div className="ml-auto grid w-full max-w-[85%] gap-2">
        <Textarea
          autoFocus
          aria-label="Edit your message"
          className="max-h-72"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setDraft(null);
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) resend();
          }}
        />
        <div className="flex justify-end gap-2">
          <Button size="sm" onClick={() => setDraft(null)}>
            Leave it
          </Button>
          <Button size="sm" look="primary" disabled={locked || draft.trim() === ""} onClick={resend}>
            Send again
          </Button>
        </div>
      </div>
    );
  }
  return (
    <div className="group grid grid-cols-1 justify-items-end gap-1">
      <div className="max-w-[85%] rounded-2xl rounded-br-md bg-accent-soft px-4 py-2.5 text-[0.9375rem] break-words whitespace-pre-wrap">
        {message.content}
      </div>
      <Attached attachments={message.attachments} />
      <div className="flex items-center opacity-100 transition-opacity pointer-fine:opacity-0 pointer-fine:group-focus-within:opacity-100 pointer-fine:group-hover:opacity-100">
        <BranchSwitch point={point} onChoose={onChoose} />
        <CopyButton text={message.content} label="Copy the message" />
        <IconButton label="Edit and send again" disabled={locked} onClick={() => setDraft(message.content)}>
          <Pencil />
        </IconButton>
      </div>
    </div>
  );
}

function AssistantMessage({ conversationId, point, locked, onChoose, onRegenerate }: MessageViewProps) {
  const { message } = point;
  const writing = message.status === "streaming" && locked;
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1.5" data-answer={writing ? "streaming" : message.status}>
      {message.content !== "" && <Markdown text={message.content} />}
      {writing && message.content === "" && <Thinking />}
      <AnswerFailure message={message} {...(locked ? {} : { onRetry: () => onRegenerate(message) })} />
      {!writing && (
        <div className={cn("-ml-2 flex min-h-8 flex-wrap items-center", message.content === "" && "ml-0")}>
          <BranchSwitch point={point} onChoose={onChoose} />
          {message.content !== "" && <CopyButton text={message.content} label="Copy the answer" />}
          {message.content !== "" && <Rating conversationId={conversationId} message={message} />}
          <IconButton label="Answer again" disabled={locked} onClick={() => onRegenerate(message)}>
            <RefreshCw />
          </IconButton>
          <span className="ml-1 min-w-0 text-xs wrap-anywhere text-muted tabular-nums">{byline(message)}</span>
        </div>
      )}
      {!writing && message.answered_by && <FallbackNote {...message.answered_by} />}
    </div>
  );
}

export const MessageView = memo(function MessageView(props: MessageViewProps) {
  return props.point.message.role === "user" ? <UserMessage {...props} /> : <AssistantMessage {...props} />;
});
