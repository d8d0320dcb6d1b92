import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Inspection } from "@/api/types";
import { Button } from "@/components/button/button";
import { CopyButton } from "@/components/copy-button/copy-button";
import { Dialog } from "@/components/dialog/dialog";
import { handedSettings } from "@/studio/handed";
import { studioPage } from "@/studio/pages";
import { settingName } from "./differences";

/** A file and what it says about how it was made. */
export interface Inspected {
  file: File;
  found: Inspection;
}

interface InspectDialogProps {
  /** Null = closed. */
  inspected: Inspected | null;
  onClose: () => void;
  onKeep: (file: File) => Promise<void>;
}

const WRITERS = { atelier: "Made with Atelier", a1111: "Carries settings as AUTOMATIC1111 writes them" };

function Contents({ inspected, onClose, onKeep }: InspectDialogProps & { inspected: Inspected }) {
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const { file, found } = inspected;
  const { prompt, ...settings } = found.settings;
  const page = found.mode === null ? undefined : studioPage(`diffusion.${found.mode.replaceAll("-", "_")}`);
  const restore = () => {
    if (page === undefined || found.mode === null) return;
    handedSettings.set({ mode: found.mode, settings: found.settings });
    void navigate({ to: page });
  };
  const keep = async () => {
    setBusy(true);
    await onKeep(file);
    onClose();
  };
  const told = Object.entries(settings).filter(([, value]) => value !== "" && value !== null);
  return (
    <div className="grid gap-4">
      {typeof prompt === "string" && prompt !== "" && (
        <div>
          <div className="flex items-center justify-between">
            <h3 className="text-xs text-muted">Prompt</h3>
            <CopyButton text={prompt} label="Copy the prompt" />
          </div>
          <p className="max-h-40 overflow-y-auto wrap-anywhere whitespace-pre-wrap">{prompt}</p>
        </div>
      )}
      {told.length > 0 && (
        <dl className="grid grid-cols-2 gap-x-4 gap-y-3">
          {told.map(([name, value]) => (
            <div key={name} className={name === "negative_prompt" ? "col-span-2" : ""}>
              <dt className="text-xs text-muted">{settingName(name)}</dt>
              <dd className="wrap-anywhere tabular-nums">
                {typeof value === "object" ? JSON.stringify(value) : String(value)}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {found.unread.length > 0 && (
        <details>
          <summary className="cursor-pointer text-sm text-warning">
            {found.unread.length === 1 ? "1 setting" : `${found.unread.length} settings`} cannot be used here
          </summary>
          <ul className="mt-2 grid gap-1.5 text-sm">
            {found.unread.map(({ name, value, reason }) => (
              <li key={name} className="wrap-anywhere">
                <span className="font-medium">{name}</span>: {value.slice(0, 200)}
                <span className="block text-xs text-muted">{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {page === undefined && (
        <p className="text-sm text-muted">There is no page here on which these settings could be used.</p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button busy={busy} onClick={() => void keep()}>
          Keep as an asset
        </Button>
        <Button look="primary" disabled={page === undefined} onClick={restore}>
          Restore settings
        </Button>
      </div>
    </div>
  );
}

/** What a dropped file says: its settings can be used again, with or without keeping it. */
export function InspectDialog({ inspected, onClose, onKeep }: InspectDialogProps) {
  const writer = inspected?.found.written_by;
  return (
    <Dialog
      open={inspected !== null}
      onOpenChange={(next) => !next && onClose()}
      title={inspected?.file.name ?? ""}
      description={writer ? `${WRITERS[writer]}.` : ""}
      className="max-w-lg"
    >
      {inspected !== null && <Contents inspected={inspected} onClose={onClose} onKeep={onKeep} />}
    </Dialog>
  );
}
