import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { File as FileIcon, Film, Images, SlidersHorizontal, Trash2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { api } from "@/api/client";
import { assetQuery, assetsQuery } from "@/api/queries";
import type { Asset } from "@/api/types";
import { AssetFacts } from "@/components/asset-media/asset-facts";
import { AssetImage } from "@/components/asset-media/asset-image";
import { describeAsset } from "@/components/asset-media/describe";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { EmptyState } from "@/components/empty-state/empty-state";
import { IconButton } from "@/components/icon-button/icon-button";
import { Lightbox } from "@/components/lightbox/lightbox";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Segmented } from "@/components/segmented/segmented";
import { Skeleton } from "@/components/skeleton/skeleton";
import { toast } from "@/components/toast/toast-store";
import { UploadArea } from "./upload-area";

const route = getRouteApi("/assets");

const KINDS = [
  { value: "all", label: "All" },
  { value: "image", label: "Images" },
  { value: "video", label: "Videos" },
  { value: "file", label: "Files" },
] as const;

function Tile({ asset, onOpen }: { asset: Asset; onOpen: () => void }) {
  const Icon = asset.kind === "video" ? Film : FileIcon;
  return (
    <button
      type="button"
      data-asset={asset.id}
      aria-label={`Open ${describeAsset(asset)}`}
      onClick={onOpen}
      className="group relative aspect-square overflow-hidden rounded-xl bg-sunken"
    >
      {asset.thumbnail_url === null ? (
        <span className="grid size-full place-items-center text-muted">
          <Icon aria-hidden="true" className="size-8" />
        </span>
      ) : (
        <AssetImage
          asset={asset}
          thumbnail
          className="size-full object-cover transition-transform duration-300 group-hover:scale-[1.03]"
        />
      )}
      <span className="absolute inset-x-0 bottom-0 truncate bg-gradient-to-t from-black/80 to-transparent px-3 pt-8 pb-2 text-left text-xs text-white opacity-0 transition-opacity group-hover:opacity-100 group-focus-visible:opacity-100">
        {describeAsset(asset)}
      </span>
    </button>
  );
}

export default function AssetsPage() {
  const { kind, asset: openId } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const query = useInfiniteQuery(assetsQuery({ limit: 40, ...(kind ? { kind } : {}) }));
  const assets = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const listed = openId === undefined || assets.some((asset) => asset.id === openId);
  // A link may lead to an asset further down than what has been loaded, or outside the filter.
  const linked = useQuery({ ...assetQuery(openId ?? ""), enabled: !listed && query.isSuccess });
  const shown = useMemo(
    () => (listed || linked.data === undefined ? assets : [linked.data, ...assets]),
    [listed, linked.data, assets],
  );
  const [deleting, setDeleting] = useState<Asset | null>(null);
  const end = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;

  useEffect(() => {
    const mark = end.current;
    if (mark === null || !hasNextPage || isFetchingNextPage) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && void fetchNextPage(), {
      rootMargin: "600px",
    });
    observer.observe(mark);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const open = (id: string | null) =>
    void navigate({
      search: (now) => ({ ...now, asset: id ?? undefined }),
      replace: openId !== undefined,
    });
  const remove = async (asset: Asset) => {
    await api.deleteAsset(asset.id);
    open(null);
    queries.removeQueries({ queryKey: ["asset", asset.id] });
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["assets"] }),
      queries.invalidateQueries({ queryKey: ["jobs"] }),
    ]);
    toast({ tone: "neutral", title: "Deleted", detail: describeAsset(asset) });
  };

  return (
    <UploadArea>
      {(chooseFiles) => (
        <div className="mx-auto grid w-full max-w-7xl grid-cols-1 gap-5 p-4 md:p-6">
          <PageHeader title="Assets" actions={chooseFiles}>
            What the studio made and what you brought in. Drop files anywhere here to upload them.
          </PageHeader>
          <Segmented
            label="Kind"
            value={kind ?? "all"}
            choices={KINDS}
            onChange={(value) =>
              void navigate({ to: "/assets", search: value === "all" ? {} : { kind: value }, replace: true })
            }
          />
          {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
          {!listed && linked.isError && <ProblemNotice error={linked.error} />}
          {query.isSuccess && assets.length === 0 && (
            <EmptyState
              icon={Images}
              title="Nothing here yet"
              action={
                <Button asChild look="primary">
                  <Link to="/text-to-image">Make a picture</Link>
                </Button>
              }
            >
              Every picture you make is kept here with all its settings, so that it can be made again. Files you upload
              join them.
            </EmptyState>
          )}
          <div className="grid grid-cols-[repeat(auto-fill,minmax(min(46%,11rem),1fr))] gap-3">
            {query.isPending &&
              Array.from({ length: 12 }, (_, index) => `s${index}`).map((key) => (
                <Skeleton key={key} className="aspect-square rounded-xl" />
              ))}
            {assets.map((asset) => (
              <Tile key={asset.id} asset={asset} onOpen={() => open(asset.id)} />
            ))}
          </div>
          <div ref={end} />
          {isFetchingNextPage && <Skeleton className="h-24" />}
          <Lightbox
            assets={shown}
            openId={openId ?? null}
            onOpen={open}
            details={(asset) => <AssetFacts asset={asset} />}
            actions={(asset) => (
              <>
                {asset.job_id !== null && asset.kind === "image" && (
                  <IconButton
                    label="Use these settings"
                    onClick={() => void navigate({ to: "/text-to-image", search: { asset: asset.id } })}
                  >
                    <SlidersHorizontal />
                  </IconButton>
                )}
                <IconButton label="Delete" onClick={() => setDeleting(asset)}>
                  <Trash2 />
                </IconButton>
              </>
            )}
          />
          <Confirm
            open={deleting !== null}
            onOpenChange={(next) => !next && setDeleting(null)}
            title="Delete this asset?"
            description="Its file and its record will be gone for good. Downloads you made stay yours."
            action="Delete"
            onConfirm={async () => {
              if (deleting !== null) await remove(deleting);
            }}
          />
        </div>
      )}
    </UploadArea>
  );
}
