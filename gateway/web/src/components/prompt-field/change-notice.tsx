import { Undo2, X } from "lucide-react";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { differences } from "./differences";

/** What was done to a prompt, and how to get back. */
export interface Change {
  before: string;
  after: string;
  /** Who did it: "Enhanced by rules", "A random prompt". */
  what: string;
}

interface ChangeNoticeProps {
  change: Change;
  onUndo: () => void;
  onDismiss: () => void;
}

/** What was changed in the prompt, word by word. */
export function ChangeNotice({ change, onUndo, onDismiss }: ChangeNoticeProps) {
  const same = change.before === change.after;
  return (
    <section aria-label={change.what} className="grid gap-2 rounded-xl bg-sunken p-3 text-[0.8125rem]">
      <div className="flex items-center justify-between gap-2">
        <h3 role="status" className="font-medium">
          {same ? `${change.what}: nothing to add` : change.what}
        </h3>
        <span className="flex items-center">
          {!same && (
            <Button size="sm" look="ghost" onClick={onUndo}>
              <Undo2 />
              Undo
            </Button>
          )}
          <IconButton label="Dismiss" onClick={onDismiss}>
            <X />
          </IconButton>
        </span>
      </div>
      {!same && (
        <p tabIndex={0} className="max-h-40 overflow-y-auto wrap-anywhere whitespace-pre-wrap">
          {differences(change.before, change.after).map((piece, index) => {
            // Pieces have no name but their place.
            const key = `${index} ${piece.kind}`;
            if (piece.kind === "added") {
              return (
                <ins key={key} className="rounded bg-success-soft text-success no-underline">
                  {piece.text}
                </ins>
              );
            }
            if (piece.kind === "removed") {
              return (
                <del key={key} className="rounded bg-danger-soft text-danger">
                  {piece.text}
                </del>
              );
            }
            return <span key={key}>{piece.text}</span>;
          })}
        </p>
      )}
    </section>
  );
}
