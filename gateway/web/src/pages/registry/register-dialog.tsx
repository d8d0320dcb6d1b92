import { useQueryClient } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import type { RegisteredModel } from "@/api/types";
import { uploadFile } from "@/api/upload";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Progress } from "@/components/progress/progress";
import { Segmented } from "@/components/segmented/segmented";
import { Select } from "@/components/select/select";
import { cn } from "@/lib/cn";
import { useFileDrop } from "@/lib/use-file-drop";
import { KINDS, type ModelKind } from "@/registry/words";

const EXAMPLES = [
  ["hf://stabilityai/sdxl-vae", "A model of the hub, whole; add @revision or /file.safetensors for a part"],
  ["https://example.com/style.safetensors", "A file at a public address"],
  ["pypi://name==1.0/path/in/wheel", "A file or folder inside a Python package"],
  ["s3://bucket/models/style.safetensors", "A bucket the operator has opened"],
  ["./models/my-model", "A folder of the machine: below the home folder's models, or another one the operator has opened"],
] as const;
const FIELDS = ["source", "name", "kind", "files"];

interface RegisterDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Bring a model in, from an address or as a file. */
export function RegisterDialog({ open, onOpenChange }: RegisterDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Add a model"
      description="Safetensors only. Its kind, family, hash and trigger words are read out of its files."
      className="max-w-xl"
    >
      <Form onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Form({ onDone }: { onDone: () => void }) {
  const queries = useQueryClient();
  const [way, setWay] = useState<"address" | "file">("address");
  const [source, setSource] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState("");
  const [kind, setKind] = useState<ModelKind | "auto">("auto");
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(0);
  const [wrong, setWrong] = useState<Problem | null>(null);
  const abort = useRef(new AbortController());
  useEffect(() => {
    const { current } = abort;
    return () => current.abort();
  }, []);

  const send = () => {
    const wanted = { ...(name.trim() ? { name: name.trim() } : {}), ...(kind === "auto" ? {} : { kind }) };
    if (way === "address") return api.registerModel({ source: source.trim(), ...wanted });
    if (file === null) throw new Error("no file");
    const path = `/api/models/upload?${new URLSearchParams(wanted)}`;
    return uploadFile<RegisteredModel>(path, file, setSent, abort.current.signal);
  };
  const submit = async () => {
    setBusy(true);
    setWrong(null);
    try {
      await send();
      await queries.invalidateQueries({ queryKey: ["models"] });
      onDone();
    } catch (error) {
      if (!abort.current.signal.aborted) setWrong(asProblem(error));
    } finally {
      setBusy(false);
      setSent(0);
    }
  };
  const ready = way === "address" ? source.trim() !== "" : file !== null;
  return (
    <form
      className="grid grid-cols-1 gap-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (ready) void submit();
      }}
    >
      <Segmented
        label="Where from"
        value={way}
        onChange={setWay}
        choices={[
          { value: "address", label: "From an address" },
          { value: "file", label: "Upload a file" },
        ]}
      />
      {way === "address" ? (
        <Address source={source} onChange={setSource} error={wrong?.field("source")} />
      ) : (
        <FileField file={file} onFile={setFile} error={wrong?.field("files")} />
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Name" hint="Empty = after the file." error={wrong?.field("name")}>
          {(control) => (
            <Input {...control} maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <Field label="Kind" hint="Only needed where the file does not tell." error={wrong?.field("kind")}>
          {(control) => (
            <Select
              {...control}
              value={kind}
              onChange={(value) => setKind(value as ModelKind | "auto")}
              choices={[
                { value: "auto", label: "Read it out of the file" },
                ...Object.entries(KINDS).map(([value, label]) => ({ value, label })),
              ]}
            />
          )}
        </Field>
      </div>
      {busy && way === "file" && (
        <div className="grid gap-1.5">
          <Progress label="Upload" value={sent} />
          <p className="text-xs text-muted tabular-nums">{Math.round(sent * 100)} % sent</p>
        </div>
      )}
      {wrong !== null && !wrong.isOnlyAt(FIELDS) && <ProblemNotice error={wrong} shownFields={FIELDS} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy} disabled={!ready}>
          Add it
        </Button>
      </div>
    </form>
  );
}

interface AddressProps {
  source: string;
  onChange: (source: string) => void;
  error: string | undefined;
}

function Address({ source, onChange, error }: AddressProps) {
  return (
    <div className="grid gap-3">
      <Field label="Where it lies" error={error}>
        {(control) => (
          <Input
            {...control}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            maxLength={1900}
            placeholder={EXAMPLES[0][0]}
            value={source}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
      <dl className="grid gap-1.5 text-xs">
        {EXAMPLES.map(([example, meaning]) => (
          <div key={example}>
            <dt className="font-mono wrap-anywhere">{example}</dt>
            <dd className="text-muted">{meaning}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

interface FileFieldProps {
  file: File | null;
  onFile: (file: File | null) => void;
  error: string | undefined;
}

function FileField({ file, onFile, error }: FileFieldProps) {
  const drop = useFileDrop((files) => onFile(files[0] ?? null));
  const input = useRef<HTMLInputElement>(null);
  return (
    <Field label="File" hint="A .safetensors file, or a model folder as .zip." error={error}>
      {(control) => (
        <div
          className={cn(
            "grid justify-items-center gap-2 rounded-xl border-2 border-dashed p-6 text-center",
            drop.over && "border-accent bg-accent-soft",
          )}
          {...drop.handlers}
        >
          <p className="max-w-full text-sm wrap-anywhere text-muted">{file?.name ?? "Drop it here, or choose it"}</p>
          <input
            {...control}
            ref={input}
            type="file"
            accept=".safetensors,.zip"
            className="sr-only"
            onChange={(event) => onFile(event.target.files?.[0] ?? null)}
          />
          <Button size="sm" onClick={() => input.current?.click()}>
            <Upload />
            Choose a file
          </Button>
        </div>
      )}
    </Field>
  );
}
