import { useQuery, useQueryClient } from "@tanstack/react-query";
import { EllipsisVertical, Images, LayoutGrid, Pencil, Plus, Trash2 } from "lucide-react";
import { type DragEvent, type ReactNode, useState } from "react";
import { api } from "@/api/client";
import { boardsQuery } from "@/api/queries";
import type { Board } from "@/api/types";
import { AssetPreview } from "@/components/asset-media/asset-preview";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { cn } from "@/lib/cn";
import { BoardDialog } from "./board-dialog";
import { carriedAssets, carriesAssets } from "./drag";

interface BoardsBarProps {
  /** The board that is shown; undefined = everything. */
  boardId: string | undefined;
  onShow: (boardId: string | undefined) => void;
  onDropOn: (board: Board, ids: readonly string[]) => void;
}

const chip =
  "flex h-11 shrink-0 items-center gap-2 rounded-xl border py-1 pr-3 pl-1 text-left text-[0.8125rem] font-medium transition-colors";

function BoardChip(props: { board: Board; shown: boolean; onShow: () => void; onDrop: (ids: readonly string[]) => void }) {
  const { board, shown, onShow, onDrop } = props;
  const [over, setOver] = useState(false);
  const dropped = (event: DragEvent) => {
    if (!carriesAssets(event)) return;
    event.preventDefault();
    setOver(false);
    onDrop(carriedAssets(event));
  };
  return (
    <button
      type="button"
      data-board={board.id}
      aria-pressed={shown}
      onClick={onShow}
      onDragOver={(event) => {
        if (!carriesAssets(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
      className={cn(
        chip,
        shown ? "border-accent bg-accent-soft text-accent" : "bg-surface hover:bg-hover",
        over && "border-dashed border-accent bg-accent-soft",
      )}
    >
      <Cover>
        {board.cover ? (
          <AssetPreview asset={board.cover} className="pointer-events-none size-full object-cover" />
        ) : (
          <Images aria-hidden="true" className="size-4 text-muted" />
        )}
      </Cover>
      <span className="sr-only">Board </span>
      <span className="max-w-40 truncate">{board.name}</span>{" "}
      <span className={cn("tabular-nums", !shown && "text-muted")}>{board.count}</span>
    </button>
  );
}

function Cover({ children }: { children: ReactNode }) {
  return <span aria-hidden="true" className="grid size-8 place-items-center overflow-hidden rounded-lg bg-sunken">{children}</span>;
}

/** All boards in a row: a click shows one, and assets can be dropped on each. */
export function BoardsBar({ boardId, onShow, onDropOn }: BoardsBarProps) {
  const queries = useQueryClient();
  const boards = useQuery(boardsQuery);
  const [naming, setNaming] = useState<Board | "new" | null>(null);
  const [deleting, setDeleting] = useState<Board | null>(null);
  const items = boards.data?.items ?? [];
  const current = items.find(({ id }) => id === boardId);
  const remove = async (board: Board) => {
    await api.deleteBoard(board.id);
    onShow(undefined);
    await queries.invalidateQueries({ queryKey: ["boards"] });
  };
  return (
    <div className="flex items-center gap-2">
      <div role="group" aria-label="Boards" className="flex min-w-0 scrollbar-none gap-2 overflow-x-auto py-0.5">
        <button
          type="button"
          aria-pressed={boardId === undefined}
          onClick={() => onShow(undefined)}
          className={cn(
            chip,
            boardId === undefined ? "border-accent bg-accent-soft text-accent" : "bg-surface hover:bg-hover",
          )}
        >
          <Cover>
            <LayoutGrid aria-hidden="true" className="size-4" />
          </Cover>
          Everything
        </button>
        {boards.isPending && <Skeleton className="h-11 w-36 rounded-xl" />}
        {boards.isError && <ProblemNotice error={boards.error} onRetry={() => void boards.refetch()} />}
        {items.map((board) => (
          <BoardChip
            key={board.id}
            board={board}
            shown={board.id === boardId}
            onShow={() => onShow(board.id === boardId ? undefined : board.id)}
            onDrop={(ids) => onDropOn(board, ids)}
          />
        ))}
      </div>
      {current && (
        <Menu>
          <MenuTrigger>
            <Button look="ghost" size="icon" aria-label={`Actions for board ${current.name}`}>
              <EllipsisVertical />
            </Button>
          </MenuTrigger>
          <MenuContent>
            <MenuItem onSelect={() => setNaming(current)}>
              <Pencil /> Rename
            </MenuItem>
            <MenuItem onSelect={() => setDeleting(current)}>
              <Trash2 /> Delete the board
            </MenuItem>
          </MenuContent>
        </Menu>
      )}
      <Button look="ghost" aria-label="New board" onClick={() => setNaming("new")}>
        <Plus />
        <span className="max-sm:hidden">Board</span>
      </Button>
      <BoardDialog board={naming} onClose={() => setNaming(null)} onMade={(board) => onShow(board.id)} />
      <Confirm
        open={deleting !== null}
        onOpenChange={(next) => !next && setDeleting(null)}
        title={`Delete the board ${deleting?.name ?? ""}?`}
        description="The assets on it stay in the library."
        action="Delete the board"
        onConfirm={async () => {
          if (deleting !== null) await remove(deleting);
        }}
      />
    </div>
  );
}
