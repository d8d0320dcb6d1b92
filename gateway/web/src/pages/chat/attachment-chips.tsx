import { CircleAlert, FileText, Image, X } from "lucide-react";
import { IconButton } from "@/components/icon-button/icon-button";
import { Spinner } from "@/components/spinner/spinner";
import type { Attachments } from "./use-attachments";

/** What goes with the next question, and what could not. */
export function AttachmentChips({ chips, refused, remove }: Attachments) {
  return (
    <>
      {chips.length > 0 && (
        <ul aria-label="Files to send" className="flex flex-wrap gap-2 px-3 pt-3">
          {chips.map(({ key, name, assetId, kind }) => {
            const Icon = kind === "image" ? Image : FileText;
            return (
              <li key={key} className="flex h-8 max-w-full min-w-0 items-center gap-1.5 rounded-lg border pl-2.5 text-xs">
                {assetId === null ? (
                  <Spinner className="size-3.5 shrink-0" />
                ) : (
                  <Icon aria-hidden="true" className="size-3.5 shrink-0 text-muted" />
                )}
                <span className="truncate">{name}</span>
                {assetId === null && <span className="sr-only">is being uploaded</span>}
                <IconButton label={`Remove ${name}`} className="size-7" onClick={() => remove(key)}>
                  <X />
                </IconButton>
              </li>
            );
          })}
        </ul>
      )}
      {refused.length > 0 && (
        <div role="alert" className="flex gap-2 px-4 pt-3 text-xs text-danger">
          <CircleAlert aria-hidden="true" className="mt-0.5 size-3 shrink-0" />
          <div className="min-w-0 wrap-anywhere">
            {refused.map((why, index) => (
              <p key={`${index} ${why}`}>{why}</p>
            ))}
          </div>
        </div>
      )}
    </>
  );
}
