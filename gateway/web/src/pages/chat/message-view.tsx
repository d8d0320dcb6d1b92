import { Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, Pencil, RefreshCw } from "lucide-react";
import { memo, useState } from "react";
import { Problem } from "@/api/problem";
import type { Message } from "@/api/types";
import { Button } from "@/components/button/button";
import { CopyButton } from "@/components/copy-button/copy-button";
import { IconButton } from "@/components/icon-button/icon-button";
import { Textarea } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { cn } from "@/lib/cn";
import { byline, fallback } from "./byline";
import { Markdown } from "./markdown";
import type { BranchPoint } from "./tree";

interface MessageViewProps {
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

function FallbackNote({ message }: { message: Message }) {
  const found = fallback(message);
  if (found === null) return null;
  return (
    <details className="text-xs wrap-anywhere text-warning">
      <summary className="w-fit cursor-pointer rounded">
        {message.answered_by?.endpoint} answered in place of {found.instead.join(" and ")}
      </summary>
      <ul className="mt-1 grid gap-0.5 pl-4 text-muted">
        {found.reasons.map(({ endpoint, words }, index) => (
          <li key={`${index} ${endpoint}`}>
            <span className="font-medium">{endpoint}</span> {words}
          </li>
        ))}
      </ul>
    </details>
  );
}

// What the person at the screen can mend by looking at the endpoints.
const OF_ENDPOINTS = ["all_failed", "no_endpoint", "unreachable", "endpoint_refused", "timed_out"];

function AssistantMessage({ point, locked, onChoose, onRegenerate }: MessageViewProps) {
  const { message } = point;
  const writing = message.status === "streaming" && locked;
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1.5" data-answer={writing ? "streaming" : message.status}>
      {message.content !== "" && <Markdown text={message.content} />}
      {writing && message.content === "" && (
        <p role="status" className="flex h-6 items-center gap-1.5 text-muted">
          <span className="sr-only">The model is thinking</span>
          {[0, 150, 300].map((delay) => (
            <span
              key={delay}
              aria-hidden="true"
              className="size-1.5 animate-pulse rounded-full bg-current"
              style={{ animationDelay: `${delay}ms` }}
            />
          ))}
        </p>
      )}
      {message.status === "failed" && (
        <ProblemNotice
          error={
            new Problem(
              503,
              message.content === "" ? "There is no answer" : "The answer broke off",
              message.error?.message,
              [],
              message.error?.hint,
            )
          }
          {...(locked ? {} : { onRetry: () => onRegenerate(message) })}
        >
          {OF_ENDPOINTS.includes(message.error?.code ?? "") && (
            <Link to="/models" className="mt-1 inline-block font-medium text-accent underline underline-offset-4">
              See how your models are
            </Link>
          )}
        </ProblemNotice>
      )}
      {!writing && (
        <div className={cn("-ml-2 flex min-h-8 flex-wrap items-center", message.content === "" && "ml-0")}>
          <BranchSwitch point={point} onChoose={onChoose} />
          {message.content !== "" && <CopyButton text={message.content} label="Copy the answer" />}
          <IconButton label="Answer again" disabled={locked} onClick={() => onRegenerate(message)}>
            <RefreshCw />
          </IconButton>
          <span className="ml-1 min-w-0 text-xs wrap-anywhere text-muted tabular-nums">{byline(message)}</span>
        </div>
      )}
      {!writing && <FallbackNote message={message} />}
    </div>
  );
}

export const MessageView = memo(function MessageView(props: MessageViewProps) {
  return props.point.message.role === "user" ? <UserMessage {...props} /> : <AssistantMessage {...props} />;
});
