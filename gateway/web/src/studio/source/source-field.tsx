import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ImageUp, Images, X } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { assetQuery } from "@/api/queries";
import { AssetPreview } from "@/components/asset-media/asset-preview";
import { describeAsset } from "@/components/asset-media/describe";
import { Button } from "@/components/button/button";
import { Field, type FieldControl } from "@/components/field/field";
import { IconButton } from "@/components/icon-button/icon-button";
import { Skeleton } from "@/components/skeleton/skeleton";
import { cn } from "@/lib/cn";
import { useFileDrop } from "@/lib/use-file-drop";
import type { StudioForm } from "../use-form";
import { AssetPicker } from "./asset-picker";

type Kind = "image" | "video";

interface SourceFieldProps {
  form: StudioForm;
  name: string;
  label: string;
  /** The field of a video, where the mode takes one of the two; `name` is that of a picture then. */
  videoName?: string;
  /** Fields that belong to the picture before, and go with it. */
  clears?: readonly string[];
}

const IMAGES: readonly Kind[] = ["image"];
const BOTH: readonly Kind[] = ["image", "video"];
const NOTHING: readonly string[] = [];
const WORDS: Record<Kind, string> = { image: "picture", video: "video" };

/** A picture or video to begin with: dropped, pasted, uploaded or chosen from the library. Its value is an asset's id. */
export function SourceField({ form, name, label, videoName, clears = NOTHING }: SourceFieldProps) {
  const queries = useQueryClient();
  const [refused, setRefused] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [picking, setPicking] = useState(false);
  const kinds = videoName === undefined ? IMAGES : BOTH;
  const what = kinds.map((kind) => WORDS[kind]).join(" or ");
  const id = form.text(name) || (videoName === undefined ? "" : form.text(videoName));
  const { change } = form;

  const take = useCallback(
    (asset: string, kind: Kind) => {
      setRefused(undefined);
      const other = videoName === undefined ? {} : { [name]: "", [videoName]: "" };
      const field = kind === "video" && videoName !== undefined ? videoName : name;
      change({ ...Object.fromEntries(clears.map((cleared) => [cleared, ""])), ...other, [field]: asset });
    },
    [change, name, videoName, clears],
  );
  const upload = useCallback(
    async (files: readonly File[]) => {
      const file = files.find(({ type }) => kinds.some((kind) => type.startsWith(`${kind}/`)));
      if (file === undefined) {
        setRefused(`That is no ${what}.`);
        return;
      }
      setBusy(true);
      try {
        const { items } = await api.uploadAssets([file]);
        const kept = items[0];
        const kind = kinds.find((wanted) => wanted === kept?.kind);
        if (kept !== undefined && kind !== undefined) take(kept.id, kind);
        else setRefused(`That is no ${what} that can be read.`);
        await queries.invalidateQueries({ queryKey: ["assets"] });
      } catch (error) {
        const problem = asProblem(error);
        setRefused(problem.fields[0]?.message ?? problem.message);
      } finally {
        setBusy(false);
      }
    },
    [kinds, what, queries, take],
  );
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      // Office programs put a picture of the text beside the text.
      if (files.length === 0 || event.clipboardData?.types.includes("text/plain")) return;
      event.preventDefault();
      void upload(files);
    };
    window.addEventListener("paste", onPaste);
    return () => window.removeEventListener("paste", onPaste);
  }, [upload]);
  const drop = useFileDrop((files) => void upload(files));
  return (
    <Field label={label} error={refused ?? form.errors[name] ?? (videoName && form.errors[videoName])}>
      {(control) => (
        <div
          {...drop.handlers}
          className={cn(
            "grid min-h-28 grid-cols-1 place-items-center rounded-xl border border-dashed p-3 transition-colors",
            control["aria-invalid"] && "border-danger",
            drop.over && "border-accent bg-accent-soft",
          )}
        >
          {id === "" ? (
            <Choose
              control={control}
              what={what}
              accept={kinds.map((kind) => `${kind}/*`).join(",")}
              busy={busy}
              onFiles={(files) => void upload(files)}
              onLibrary={() => setPicking(true)}
            />
          ) : (
            <Chosen id={id} control={control} onChange={() => setPicking(true)} onRemove={() => take("", "image")} />
          )}
          <AssetPicker open={picking} onOpenChange={setPicking} kinds={kinds} onPick={take} />
        </div>
      )}
    </Field>
  );
}

interface ChooseProps {
  control: FieldControl;
  what: string;
  accept: string;
  busy: boolean;
  onFiles: (files: File[]) => void;
  onLibrary: () => void;
}

function Choose({ control, what, accept, busy, onFiles, onLibrary }: ChooseProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="grid justify-items-center gap-2 text-center">
      <p className="text-xs text-muted">Drop or paste a {what} here</p>
      <input
        ref={input}
        type="file"
        accept={accept}
        hidden
        aria-label={`Upload a ${what}`}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <div className="flex flex-wrap justify-center gap-2">
        <Button
          id={control.id}
          data-invalid={control["aria-invalid"]}
          aria-describedby={control["aria-describedby"]}
          size="sm"
          busy={busy}
          onClick={() => input.current?.click()}
        >
          {!busy && <ImageUp />}
          Upload
        </Button>
        <Button size="sm" onClick={onLibrary}>
          <Images />
          From the library
        </Button>
      </div>
    </div>
  );
}

interface ChosenProps {
  id: string;
  control: FieldControl;
  onChange: () => void;
  onRemove: () => void;
}

function Chosen({ id, control, onChange, onRemove }: ChosenProps) {
  const query = useQuery(assetQuery(id));
  const asset = query.data;
  return (
    <div className="flex w-full items-center gap-3">
      <div className="size-20 shrink-0 overflow-hidden rounded-lg bg-sunken">
        {asset ? <AssetPreview asset={asset} className="size-full object-cover" /> : <Skeleton className="size-full" />}
      </div>
      <p className="line-clamp-3 min-w-0 grow text-xs wrap-anywhere text-muted">
        {asset && (
          <>
            {describeAsset(asset)}
            <span className="block tabular-nums">
              {asset.width} × {asset.height}
            </span>
          </>
        )}
        {query.isError && <span className="text-danger">It is not there any more.</span>}
      </p>
      <IconButton
        id={control.id}
        data-invalid={control["aria-invalid"]}
        aria-describedby={control["aria-describedby"]}
        label="Choose another"
        onClick={onChange}
      >
        <Images />
      </IconButton>
      <IconButton label="Remove" onClick={onRemove}>
        <X />
      </IconButton>
    </div>
  );
}
