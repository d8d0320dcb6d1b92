import { useQuery } from "@tanstack/react-query";
import { Clock, Plus, X } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { assetBoardsQuery, assetLabelsQuery, boardsQuery } from "@/api/queries";
import type { Asset } from "@/api/types";
import { AssetFacts } from "@/components/asset-media/asset-facts";
import { Button } from "@/components/button/button";
import { Input } from "@/components/input/input";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";
import { toast } from "@/components/toast/toast-store";
import { dateTime } from "@/lib/format";
import { useBulk, useRefresh } from "./use-library";

const label = "flex h-7 items-center gap-1 rounded-full border bg-surface pl-2.5 text-xs font-medium";

function TagsEditor({ asset }: { asset: Asset }) {
  const refresh = useRefresh();
  const known = useQuery(assetLabelsQuery);
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const list = useId();
  const save = async (tags: string[]) => {
    setBusy(true);
    try {
      await api.changeAsset(asset.id, { tags });
      setText("");
      await refresh();
    } catch (error) {
      const problem = asProblem(error);
      toast({ tone: "danger", title: "The tags were not saved", detail: problem.fields[0]?.message ?? problem.message });
    } finally {
      setBusy(false);
    }
  };
  const add = (event: FormEvent) => {
    event.preventDefault();
    const more = text.split(",").map((tag) => tag.trim());
    if (more.some(Boolean)) void save([...asset.tags, ...more.filter(Boolean)]);
  };
  return (
    <section aria-label="Tags" className="grid gap-2">
      <h3 className="text-xs text-muted">Tags</h3>
      {asset.tags.length > 0 && (
        <ul className="flex flex-wrap gap-1.5">
          {asset.tags.map((tag) => (
            <li key={tag} className={label}>
              <span className="wrap-anywhere">{tag}</span>
              <button
                type="button"
                aria-label={`Take off the tag ${tag}`}
                disabled={busy}
                onClick={() => void save(asset.tags.filter((one) => one !== tag))}
                className="grid size-7 place-items-center rounded-full text-muted hover:text-foreground"
              >
                <X aria-hidden="true" className="size-3" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={add} className="flex gap-2">
        <Input
          aria-label="Add a tag"
          placeholder="Add a tag"
          list={list}
          value={text}
          onChange={(event) => setText(event.target.value)}
          // The lightbox has keys of its own.
          onKeyDown={(event) => event.stopPropagation()}
        />
        <datalist id={list}>
          {known.data?.tags.slice(0, 100).map(({ name }) => <option key={name} value={name} />)}
        </datalist>
        <Button type="submit" size="icon" aria-label="Add the tag" busy={busy} disabled={text.trim() === ""}>
          {!busy && <Plus />}
        </Button>
      </form>
    </section>
  );
}

function AssetBoards({ asset }: { asset: Asset }) {
  const act = useBulk();
  const on = useQuery(assetBoardsQuery(asset.id));
  const all = useQuery(boardsQuery);
  const there = on.data?.items ?? [];
  const others = (all.data?.items ?? []).filter((board) => there.every(({ id }) => id !== board.id));
  const move = (action: "add_to_board" | "remove_from_board", board: { id: string; name: string }) =>
    void act([asset.id], { action, board_id: board.id }, () =>
      action === "add_to_board" ? `Added to ${board.name}` : `Taken off ${board.name}`,
    );
  if (there.length === 0 && others.length === 0) return null;
  return (
    <section aria-label="Boards" className="grid gap-2">
      <h3 className="text-xs text-muted">Boards</h3>
      <div className="flex flex-wrap gap-1.5">
        {there.map((board) => (
          <span key={board.id} className={label}>
            <span className="wrap-anywhere">{board.name}</span>
            <button
              type="button"
              aria-label={`Take off the board ${board.name}`}
              onClick={() => move("remove_from_board", board)}
              className="grid size-7 place-items-center rounded-full text-muted hover:text-foreground"
            >
              <X aria-hidden="true" className="size-3" />
            </button>
          </span>
        ))}
        {others.length > 0 && (
          <Menu>
            <MenuTrigger>
              <Button size="sm" className="h-7 rounded-full text-xs">
                <Plus className="size-3!" /> Board
              </Button>
            </MenuTrigger>
            <MenuContent align="start">
              {others.map((board) => (
                <MenuItem key={board.id} onSelect={() => move("add_to_board", board)}>
                  {board.name}
                </MenuItem>
              ))}
            </MenuContent>
          </Menu>
        )}
      </div>
    </section>
  );
}

/** Beside the open asset: how it was made, and where one has put it. */
export function AssetPanel({ asset }: { asset: Asset }) {
  const act = useBulk();
  return (
    <div className="grid gap-5">
      {asset.expires_at !== null && (
        <div className="grid gap-2 rounded-xl bg-warning-soft p-3 text-sm text-warning">
          <p className="flex gap-2">
            <Clock aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
            Came with a request and is deleted on {dateTime(asset.expires_at)}.
          </p>
          <Button size="sm" onClick={() => void act([asset.id], { action: "keep" }, () => "Kept")}>
            Keep it
          </Button>
        </div>
      )}
      <AssetFacts asset={asset} />
      <TagsEditor key={asset.id} asset={asset} />
      <AssetBoards asset={asset} />
    </div>
  );
}
