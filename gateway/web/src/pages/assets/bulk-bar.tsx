import { useQuery } from "@tanstack/react-query";
import { Columns2, Download, FolderPlus, Heart, HeartOff, Tag, Trash2, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { boardsQuery } from "@/api/queries";
import type { Asset, AssetBulk } from "@/api/types";
import { downloadAsset } from "@/components/asset-media/download";
import { Button } from "@/components/button/button";
import { IconButton } from "@/components/icon-button/icon-button";
import { Input } from "@/components/input/input";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/components/menu/menu";
import { Popover } from "@/components/popover/popover";
import { toast } from "@/components/toast/toast-store";
import { saveFile } from "@/lib/save-file";
import { BoardDialog } from "./board-dialog";
import { counted, useBulk } from "./use-library";

interface BulkBarProps {
  /** What is chosen, as it stands in the grid. */
  assets: readonly Asset[];
  boardId: string | undefined;
  onClear: () => void;
  onAll: () => void;
  onCompare: () => void;
  onDelete: () => void;
}

/** Several words at once are parted by commas. */
function words(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
}

function TagForm({ onTag }: { onTag: (action: "tag" | "untag", tags: string[]) => void }) {
  const [text, setText] = useState("");
  const tags = words(text);
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (tags.length > 0) onTag("tag", tags);
  };
  return (
    <form onSubmit={add} className="grid gap-3">
      <Input
        aria-label="Tags, parted by commas"
        placeholder="fruit, portfolio"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="flex justify-end gap-2">
        <Button disabled={tags.length === 0} onClick={() => onTag("untag", tags)}>
          Take off
        </Button>
        <Button type="submit" look="primary" disabled={tags.length === 0}>
          Add
        </Button>
      </div>
    </form>
  );
}

function BoardMenu(props: { boardId: string | undefined; onAdd: (id: string, name: string) => void; onTakeOff: () => void }) {
  const { boardId, onAdd, onTakeOff } = props;
  const boards = useQuery(boardsQuery);
  const [making, setMaking] = useState(false);
  const others = boards.data?.items.filter(({ id }) => id !== boardId) ?? [];
  return (
    <>
      <Menu>
        <MenuTrigger>
          <IconButton label="Boards" size="icon">
            <FolderPlus />
          </IconButton>
        </MenuTrigger>
        <MenuContent>
          {others.map(({ id, name }) => (
            <MenuItem key={id} onSelect={() => onAdd(id, name)}>
              <span className="truncate">Add to {name}</span>
            </MenuItem>
          ))}
          {others.length > 0 && <MenuSeparator />}
          <MenuItem onSelect={() => setMaking(true)}>Add to a new board…</MenuItem>
          {boardId !== undefined && <MenuItem onSelect={onTakeOff}>Take off this board</MenuItem>}
        </MenuContent>
      </Menu>
      <BoardDialog
        board={making ? "new" : null}
        onClose={() => setMaking(false)}
        onMade={(board) => onAdd(board.id, board.name)}
      />
    </>
  );
}

/** What can be done with everything that is chosen. */
export function BulkBar({ assets, boardId, onClear, onAll, onCompare, onDelete }: BulkBarProps) {
  const act = useBulk();
  const [saving, setSaving] = useState(false);
  const ids = assets.map(({ id }) => id);
  const favourite = !assets.every((asset) => asset.favourite);
  const pictures = assets.filter(({ kind }) => kind === "image");
  const change = (body: Omit<AssetBulk, "ids">, said: (count: number) => string) => void act(ids, body, said);
  const save = async () => {
    const [only] = assets;
    setSaving(true);
    try {
      if (only && assets.length === 1) await downloadAsset(only);
      else saveFile(await api.downloadAssets(ids), "atelier-assets.zip");
    } catch (error) {
      toast({ tone: "danger", title: "The download failed", detail: asProblem(error).message });
    } finally {
      setSaving(false);
    }
  };
  return (
    <section
      aria-label="Chosen assets"
      className="sticky bottom-4 z-10 mx-auto flex max-w-full animate-enter flex-wrap items-center gap-1 rounded-2xl border bg-surface p-1.5 pl-4 shadow-float"
    >
      <span className="mr-1 text-sm font-medium whitespace-nowrap tabular-nums" aria-live="polite">
        {assets.length} chosen
      </span>
      <Button look="ghost" size="sm" onClick={onAll}>
        Choose all
      </Button>
      <IconButton
        label={favourite ? "Make favourites" : "No longer favourites"}
        size="icon"
        onClick={() =>
          change({ action: favourite ? "favourite" : "unfavourite" }, (count) =>
            favourite ? `${counted(count)} among your favourites` : `${counted(count)} no longer among your favourites`,
          )
        }
      >
        {favourite ? <Heart /> : <HeartOff />}
      </IconButton>
      <Popover
        label="Tags"
        align="center"
        trigger={
          <IconButton label="Tags" size="icon">
            <Tag />
          </IconButton>
        }
      >
        <TagForm
          onTag={(action, tags) =>
            change({ action, tags }, (count) => `${counted(count)} ${action === "tag" ? "tagged" : "untagged"}`)
          }
        />
      </Popover>
      <BoardMenu
        boardId={boardId}
        onAdd={(id, name) => change({ action: "add_to_board", board_id: id }, (n) => `${counted(n)} added to ${name}`)}
        onTakeOff={() =>
          change({ action: "remove_from_board", board_id: boardId ?? "" }, (n) => `${counted(n)} taken off the board`)
        }
      />
      <IconButton label="Compare" size="icon" disabled={pictures.length !== 2 || assets.length !== 2} onClick={onCompare}>
        <Columns2 />
      </IconButton>
      <IconButton label="Download" size="icon" busy={saving} onClick={() => void save()}>
        {!saving && <Download />}
      </IconButton>
      <IconButton label="Delete" size="icon" onClick={onDelete}>
        <Trash2 />
      </IconButton>
      <IconButton label="Choose none (Escape)" size="icon" onClick={onClear}>
        <X />
      </IconButton>
    </section>
  );
}
