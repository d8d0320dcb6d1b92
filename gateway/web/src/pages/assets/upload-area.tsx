import { Upload } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/button/button";
import { toast } from "@/components/toast/toast-store";
import { useFileDrop } from "@/lib/use-file-drop";
import { carriesFiles } from "./drag";
import { InspectDialog, type Inspected } from "./inspect-dialog";
import { useRefresh } from "./use-library";

function failed(title: string, error: unknown): void {
  const problem = asProblem(error);
  const fields = problem.fields.map(({ message }) => message).join(" ");
  toast({ tone: "danger", title, detail: fields || problem.message });
}

/** Takes files dropped anywhere on the page, or chosen with the button it hands to its child. A single picture or video is
 * looked into first: if it says how it was made, one may want its settings and not the file. */
export function UploadArea({ children }: { children: (chooseFiles: ReactNode) => ReactNode }) {
  const refresh = useRefresh();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [inspected, setInspected] = useState<Inspected | null>(null);

  const upload = async (files: readonly File[]) => {
    if (files.length === 0) return;
    setBusy(true);
    try {
      const { items } = await api.uploadAssets(files);
      toast({ tone: "success", title: items.length === 1 ? "File uploaded" : `${items.length} files uploaded` });
    } catch (error) {
      failed("The upload failed", error);
    } finally {
      setBusy(false);
      await refresh();
    }
  };
  const receive = async (files: readonly File[]) => {
    const [only] = files;
    if (only === undefined || files.length > 1 || !/^(image|video)\//.test(only.type)) return upload(files);
    setBusy(true);
    try {
      const found = await api.inspectFile(only);
      if (found.written_by !== null) return setInspected({ file: only, found });
    } catch (error) {
      // A kind that carries no settings may still be kept; what is wrong with a file the upload says as well.
      if (asProblem(error).status !== 422) return failed("The file could not be looked into", error);
    } finally {
      setBusy(false);
    }
    await upload(files);
  };
  const drop = useFileDrop((files) => void receive(files), carriesFiles);
  return (
    // Dropping is an extra; the upload button does the same.
    <div
      className="relative min-h-full"
      {...drop.handlers}
    >
      {children(
        <>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            aria-label="Files to upload"
            onChange={(event) => {
              void receive([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
          <Button busy={busy} onClick={() => input.current?.click()}>
            {!busy && <Upload />}
            Upload
          </Button>
        </>,
      )}
      {drop.over && (
        <div className="pointer-events-none fixed inset-3 z-20 grid place-items-center rounded-2xl border-2 border-dashed border-accent bg-accent-soft/90">
          <p className="px-6 text-center font-serif text-3xl text-accent">Drop to restore its settings, or to keep it</p>
        </div>
      )}
      <InspectDialog inspected={inspected} onClose={() => setInspected(null)} onKeep={(file) => upload([file])} />
    </div>
  );
}
