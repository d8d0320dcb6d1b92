import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, Plus, Upload } from "lucide-react";
import { useRef, useState } from "react";
import { api } from "@/api/client";
import { presetsQuery } from "@/api/queries";
import type { Preset } from "@/api/types";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import type { PresetKind } from "@/presets/preset";
import { exportPresets, importPresets } from "./files";
import { PresetCard } from "./preset-card";
import { type Editing, PresetForm } from "./preset-form";

const KINDS: readonly { kind: PresetKind; label: string }[] = [
  { kind: "image", label: "For images" },
  { kind: "video", label: "For videos" },
];

function ImportButton({ onImported }: { onImported: () => Promise<unknown> }) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const take = async (file: File) => {
    setBusy(true);
    if (await importPresets(file)) await onImported();
    setBusy(false);
  };
  return (
    <>
      <Button busy={busy} onClick={() => input.current?.click()}>
        <Upload />
        Import
      </Button>
      <input
        ref={input}
        type="file"
        accept="application/json,.json"
        aria-label="Presets to import"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file may be chosen again.
          event.target.value = "";
          if (file) void take(file);
        }}
      />
    </>
  );
}

export default function PresetsPage() {
  const queries = useQueryClient();
  const query = useQuery(presetsQuery);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [deleting, setDeleting] = useState<Preset | null>(null);
  const presets = query.data ?? [];
  const refresh = () => queries.invalidateQueries({ queryKey: presetsQuery.queryKey });
  return (
    <div className="mx-auto grid w-full max-w-5xl grid-cols-1 gap-6 p-4 md:p-6">
      <PageHeader
        title="Presets"
        actions={
          <>
            <ImportButton onImported={refresh} />
            {presets.some((one) => !one.built_in) && (
              <Button onClick={() => void exportPresets([], "presets")}>
                <Download />
                Export mine
              </Button>
            )}
            <Button look="primary" onClick={() => setEditing({ preset: null, copy: false })}>
              <Plus />
              New preset
            </Button>
          </>
        }
      >
        Styles to ask with: words around a prompt, what to leave out, and settings that go with them.
      </PageHeader>
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {KINDS.map(({ kind, label }) => (
        <section key={kind} aria-labelledby={`presets-${kind}`} className="grid grid-cols-1 gap-3">
          <h2 id={`presets-${kind}`} className="font-serif text-2xl">
            {label}
          </h2>
          <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
            {query.isPending && ["a", "b", "c"].map((key) => <Skeleton key={key} className="h-64 rounded-2xl" />)}
            {presets
              .filter((preset) => preset.kind === kind)
              .map((preset) => (
                <PresetCard
                  key={preset.id}
                  preset={preset}
                  onEdit={() => setEditing({ preset, copy: false })}
                  onDuplicate={() => setEditing({ preset, copy: true })}
                  onExport={() => void exportPresets([preset.id], preset.name)}
                  onDelete={() => setDeleting(preset)}
                />
              ))}
          </div>
        </section>
      ))}
      <PresetForm editing={editing} onClose={() => setEditing(null)} />
      <Confirm
        open={deleting !== null}
        onOpenChange={(next) => !next && setDeleting(null)}
        title={`Delete ${deleting?.name ?? ""}?`}
        description="It will be gone for good. What was made with it stays as it is."
        action="Delete"
        onConfirm={async () => {
          if (deleting === null) return;
          await api.deletePreset(deleting.id);
          await refresh();
        }}
      />
    </div>
  );
}
