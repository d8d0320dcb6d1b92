import { getRouteApi, Link } from "@tanstack/react-router";
import { Heart, Images, SearchX, SlidersHorizontal, Trash2 } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import type { Asset, Board } from "@/api/types";
import { assetSettings } from "@/components/asset-media/describe";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { EmptyState } from "@/components/empty-state/empty-state";
import { IconButton } from "@/components/icon-button/icon-button";
import { Lightbox } from "@/components/lightbox/lightbox";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import type { AssetsSearch } from "@/router";
import { studioPage } from "@/studio/pages";
import { SendToMenu } from "@/studio/send-to-menu";
import { AssetGrid } from "./asset-grid";
import { AssetPanel } from "./asset-panel";
import { BoardsBar } from "./boards-bar";
import { BulkBar } from "./bulk-bar";
import { CompareDialog } from "./compare-dialog";
import { isFiltered } from "./filter";
import { FilterBar } from "./filter-bar";
import { among, NOTHING } from "./selection";
import { StoragePanel } from "./storage-panel";
import { UploadArea } from "./upload-area";
import { counted, useBulk, useLibrary, useMore } from "./use-library";

const route = getRouteApi("/assets");

function settingsPage(asset: Asset) {
  const { kind } = assetSettings(asset);
  return asset.job_id === null ? undefined : (studioPage(String(kind)) ?? (asset.kind === "image" ? "/text-to-image" : undefined));
}

function NothingThere({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  return filtered ? (
    <EmptyState icon={SearchX} title="Nothing fits" action={<Button onClick={onClear}>Show everything</Button>}>
      No asset has all of what you are looking for.
    </EmptyState>
  ) : (
    <EmptyState
      icon={Images}
      title="Nothing here yet"
      action={
        <Button asChild look="primary">
          <Link to="/text-to-image">Make a picture</Link>
        </Button>
      }
    >
      Every picture you make is kept here with all its settings, so that it can be made again. Files you upload join them.
    </EmptyState>
  );
}

export default function AssetsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { query, assets, shown, linkedError } = useLibrary(search);
  const [chosen, setSelection] = useState(NOTHING);
  const [deleting, setDeleting] = useState<readonly string[]>([]);
  const [pair, setPair] = useState<readonly [Asset, Asset] | null>(null);
  const act = useBulk();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const end = useMore(hasNextPage, isFetchingNextPage, fetchNextPage);

  const selection = useMemo(() => among(chosen, assets.map(({ id }) => id)), [chosen, assets]);
  const selected = assets.filter(({ id }) => selection.ids.has(id));
  const change = useCallback(
    (next: AssetsSearch) => {
      setSelection(NOTHING);
      // Typing goes on in the same entry of the history; a choice is one to come back from.
      void navigate({ search: { ...next, asset: undefined }, replace: next.q !== search.q });
    },
    [navigate, search.q],
  );
  const open = (id: string | null) =>
    void navigate({ search: (now) => ({ ...now, asset: id ?? undefined }), replace: search.asset !== undefined });
  const remove = async () => {
    if (search.asset !== undefined) open(null);
    if (await act(deleting, { action: "delete" }, (count) => (count === 1 ? "Deleted" : `${count} assets deleted`))) {
      setSelection(NOTHING);
    }
  };
  const dropOn = (board: Board, ids: readonly string[]) =>
    void act(ids, { action: "add_to_board", board_id: board.id }, (count) => `${counted(count)} added to ${board.name}`);
  const compare = () => {
    const [first, second] = [...selected].reverse();
    if (first && second) setPair([first, second]);
  };

  return (
    <UploadArea>
      {(chooseFiles) => (
        <div className="mx-auto grid w-full max-w-7xl grid-cols-1 gap-5 p-4 md:p-6">
          <PageHeader
            title="Assets"
            actions={
              <>
                <StoragePanel />
                {chooseFiles}
              </>
            }
          >
            What the studio made and what you brought in. Drop a picture anywhere here to get its settings back.
          </PageHeader>
          <BoardsBar
            boardId={search.board}
            onShow={(board) => change({ ...search, board, sort: undefined })}
            onDropOn={dropOn}
          />
          <FilterBar search={search} onChange={change} />
          {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
          {linkedError !== null && <ProblemNotice error={linkedError} />}
          {query.isSuccess && assets.length === 0 && (
            <NothingThere filtered={isFiltered(search)} onClear={() => change({})} />
          )}
          <AssetGrid
            assets={assets}
            loading={query.isPending}
            selection={selection}
            onSelect={setSelection}
            onOpen={open}
            onDelete={() => setDeleting([...selection.ids])}
          />
          <div ref={end} />
          {isFetchingNextPage && <Skeleton className="h-24" />}
          {selected.length > 0 && (
            <BulkBar
              assets={selected}
              boardId={search.board}
              onClear={() => setSelection(NOTHING)}
              onAll={() => setSelection({ ids: new Set(assets.map(({ id }) => id)), anchor: null })}
              onCompare={compare}
              onDelete={() => setDeleting([...selection.ids])}
            />
          )}
          <Lightbox
            assets={shown}
            openId={search.asset ?? null}
            onOpen={open}
            details={(asset) => <AssetPanel asset={asset} />}
            actions={(asset) => {
              const page = settingsPage(asset);
              return (
                <>
                  <IconButton
                    label={asset.favourite ? "No longer a favourite" : "Make it a favourite"}
                    aria-pressed={asset.favourite}
                    onClick={() =>
                      void act([asset.id], { action: asset.favourite ? "unfavourite" : "favourite" }, () =>
                        asset.favourite ? "No longer among your favourites" : "Among your favourites",
                      )
                    }
                  >
                    <Heart className={asset.favourite ? "fill-current text-accent" : ""} />
                  </IconButton>
                  {page !== undefined && (
                    <IconButton
                      label="Use these settings"
                      onClick={() => void navigate({ to: page, search: { asset: asset.id } })}
                    >
                      <SlidersHorizontal />
                    </IconButton>
                  )}
                  <SendToMenu asset={asset} />
                  <IconButton label="Delete" onClick={() => setDeleting([asset.id])}>
                    <Trash2 />
                  </IconButton>
                </>
              );
            }}
          />
          <CompareDialog pair={pair} onClose={() => setPair(null)} />
          <Confirm
            open={deleting.length > 0}
            onOpenChange={(next) => !next && setDeleting([])}
            title={deleting.length === 1 ? "Delete this asset?" : `Delete ${deleting.length} assets?`}
            description="Files and records will be gone for good. Downloads you made stay yours."
            action="Delete"
            onConfirm={remove}
          />
        </div>
      )}
    </UploadArea>
  );
}
