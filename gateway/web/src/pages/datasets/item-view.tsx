import { ThumbsDown, ThumbsUp } from "lucide-react";
import { memo, useState } from "react";
import type { DatasetItem } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";

type Said = DatasetItem["messages"][number];

const ROLES: Record<string, string> = { system: "System prompt", user: "You", assistant: "Answer" };
/** Beyond it a text is shown in part. */
const LONG = 700;
/** The question and its answer. */
const SHOWN = 2;

function Message({ message: { role, content } }: { message: Said }) {
  const [open, setOpen] = useState(false);
  const long = content.length > LONG || content.split("\n").length > 10;
  return (
    <div className="grid grid-cols-1 justify-items-start gap-0.5">
      <dt className="text-xs font-medium text-muted">{ROLES[role] ?? role}</dt>
      <dd
        className={`w-full wrap-anywhere whitespace-pre-wrap ${role === "assistant" ? "rounded-lg bg-sunken p-3" : ""}`}
      >
        <span className={long && !open ? "line-clamp-8" : ""}>{content}</span>
        {long && (
          <Button look="ghost" size="sm" className="-ml-2.5" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Show less" : "Show all of it"}
          </Button>
        )}
      </dd>
    </div>
  );
}

/** An answer with what was said before it. */
export const ItemView = memo(function ItemView({ item }: { item: DatasetItem }) {
  const { index, messages, rating, model } = item;
  const [whole, setWhole] = useState(false);
  const hidden = messages.length - SHOWN;
  const shown = whole || hidden <= 0 ? messages : messages.slice(-SHOWN);
  return (
    <li>
      <article
        aria-label={`Item ${index + 1}`}
        className="grid grid-cols-1 gap-3 rounded-2xl border bg-surface p-4 shadow-card"
      >
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-muted">
          <span className="tabular-nums">#{index + 1}</span>
          {rating === 1 && (
            <Badge tone="success">
              <ThumbsUp aria-hidden="true" className="size-3" />
              Good
            </Badge>
          )}
          {rating === -1 && (
            <Badge tone="danger">
              <ThumbsDown aria-hidden="true" className="size-3" />
              Bad
            </Badge>
          )}
          <span className="min-w-0 wrap-anywhere">{model}</span>
          {hidden > 0 && (
            <Button look="ghost" size="sm" className="ml-auto" aria-expanded={whole} onClick={() => setWhole(!whole)}>
              {whole ? "Show less" : `${hidden} ${hidden === 1 ? "message" : "messages"} before`}
            </Button>
          )}
        </div>
        <dl className="grid grid-cols-1 gap-3">
          {shown.map((message, place) => (
            <Message key={messages.length - shown.length + place} message={message} />
          ))}
        </dl>
      </article>
    </li>
  );
});
