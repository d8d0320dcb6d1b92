import { useQueryClient } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/button/button";
import { useFileDrop } from "@/lib/use-file-drop";
import { toast } from "@/components/toast/toast-store";

/** Takes files dropped anywhere on the page, or chosen with the button it hands to its child. */
export function UploadArea({ children }: { children: (chooseFiles: ReactNode) => ReactNode }) {
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);

  const upload = async (files: readonly File[]) => {
    if (files.length === 0) return;
    setBusy(true);
    try {
      const { items } = await api.uploadAssets(files);
      toast({ tone: "success", title: items.length === 1 ? "File uploaded" : `${items.length} files uploaded` });
    } catch (error) {
      const problem = asProblem(error);
      const fields = problem.fields.map((entry) => `${entry.field}: ${entry.message}`).join(" ");
      toast({
        tone: "danger",
        title: "The upload failed",
        detail: [problem.message, fields].filter(Boolean).join(" "),
      });
    } finally {
      setBusy(false);
      await queries.invalidateQueries({ queryKey: ["assets"] });
    }
  };
  const drop = useFileDrop((files) => void upload(files));
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
              void upload([...(event.target.files ?? [])]);
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
        <div className="pointer-events-none absolute inset-3 grid place-items-center rounded-2xl border-2 border-dashed border-accent bg-accent-soft/90">
          <p className="font-serif text-3xl text-accent">Drop to upload</p>
        </div>
      )}
    </div>
  );
}
