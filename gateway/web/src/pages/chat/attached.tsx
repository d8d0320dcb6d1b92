import { Link } from "@tanstack/react-router";
import { FileText, Image } from "lucide-react";
import { useState } from "react";
import type { Attachment } from "@/api/types";
import { useProtectedUrl } from "@/components/asset-media/use-protected-url";

function Picture({ attachment }: { attachment: Attachment }) {
  const url = useProtectedUrl(`/api/assets/${attachment.asset_id}/thumbnail`);
  const [broken, setBroken] = useState(false);
  if (broken || url === undefined) return <Named attachment={attachment} />;
  return url === null ? null : (
    <img
      src={url}
      alt={attachment.name}
      className="max-h-40 rounded-xl outline -outline-offset-1 outline-foreground/10"
      onError={() => setBroken(true)}
    />
  );
}

function Named({ attachment: { kind, name } }: { attachment: Attachment }) {
  const Icon = kind === "image" ? Image : FileText;
  return (
    <span className="flex min-w-0 items-center gap-1.5 rounded-lg border bg-surface px-2.5 py-1.5 text-xs hover:bg-hover">
      <Icon aria-hidden="true" className="size-3.5 shrink-0 text-muted" />
      <span className="truncate">{name}</span>
    </span>
  );
}

/** The files that went with a question. */
export function Attached({ attachments }: { attachments: readonly Attachment[] }) {
  if (attachments.length === 0) return null;
  return (
    <ul aria-label="Attachments" className="flex max-w-[85%] flex-wrap justify-end gap-2">
      {attachments.map((attachment, index) => (
        <li key={`${index} ${attachment.asset_id}`} className="min-w-0">
          <Link to="/assets" search={{ asset: attachment.asset_id }} className="block rounded-xl">
            {attachment.kind === "image" ? <Picture attachment={attachment} /> : <Named attachment={attachment} />}
          </Link>
        </li>
      ))}
    </ul>
  );
}
