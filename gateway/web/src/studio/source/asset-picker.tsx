import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { assetsQuery } from "@/api/queries";
import { AssetPreview } from "@/components/asset-media/asset-preview";
import { describeAsset } from "@/components/asset-media/describe";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Segmented } from "@/components/segmented/segmented";
import { Skeleton } from "@/components/skeleton/skeleton";

type Kind = "image" | "video";

interface AssetPickerProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  kinds: readonly Kind[];
  onPick: (id: string, kind: Kind) => void;
}

const LABELS: Record<Kind, string> = { image: "Images", video: "Videos" };

/** Choose one asset of the library. */
export function AssetPicker(props: AssetPickerProps) {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title="From the library" className="max-w-3xl">
      <Choices {...props} />
    </Dialog>
  );
}

function Choices({ kinds, onPick, onOpenChange }: AssetPickerProps) {
  const [kind, setKind] = useState<Kind>(kinds[0] ?? "image");
  const query = useInfiniteQuery(assetsQuery({ kind, limit: 40 }));
  const assets = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="grid grid-cols-1 gap-4">
      {kinds.length > 1 && (
        <Segmented
          label="Kind"
          value={kind}
          choices={kinds.map((value) => ({ value, label: LABELS[value] }))}
          onChange={setKind}
        />
      )}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && assets.length === 0 && (
        <p className="py-10 text-center text-muted">The library holds none yet. Upload one, or make one first.</p>
      )}
      <div className="grid grid-cols-[repeat(auto-fill,minmax(6rem,1fr))] gap-2">
        {query.isPending &&
          Array.from({ length: 8 }, (_, index) => `s${index}`).map((key) => (
            <Skeleton key={key} className="aspect-square rounded-lg" />
          ))}
        {assets.map((asset) => (
          <button
            key={asset.id}
            type="button"
            aria-label={describeAsset(asset)}
            title={describeAsset(asset)}
            className="aspect-square overflow-hidden rounded-lg bg-sunken"
            onClick={() => {
              onPick(asset.id, kind);
              onOpenChange(false);
            }}
          >
            <AssetPreview asset={asset} className="size-full object-cover" />
          </button>
        ))}
      </div>
      {query.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </div>
  );
}
