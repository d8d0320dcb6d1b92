import type { DragEvent, KeyboardEvent } from "react";
import type { Asset } from "@/api/types";
import { Skeleton } from "@/components/skeleton/skeleton";
import { carryAssets } from "./drag";
import { extended, NOTHING, type Selection, toggled } from "./selection";
import { Tile } from "./tile";

interface AssetGridProps {
  assets: readonly Asset[];
  loading: boolean;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onOpen: (id: string) => void;
  onDelete: () => void;
}

/** Pictures side by side. Ctrl A chooses all of them, Escape none, Delete asks whether to delete what is chosen, and a
 * click with Shift chooses everything since the last one. */
export function AssetGrid({ assets, loading, selection, onSelect, onOpen, onDelete }: AssetGridProps) {
  const order = assets.map(({ id }) => id);
  const carry = (event: DragEvent, id: string) => carryAssets(event, selection.ids.has(id) ? [...selection.ids] : [id]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "a" && (event.ctrlKey || event.metaKey)) onSelect({ ids: new Set(order), anchor: selection.anchor });
    else if (event.key === "Escape" && selection.ids.size > 0) onSelect(NOTHING);
    else if (event.key === "Delete" && selection.ids.size > 0) onDelete();
    else return;
    event.preventDefault();
  };
  return (
    // The keys are short cuts for buttons of the bar below.
    <div
      role="group"
      aria-label="Assets"
      onKeyDown={onKeyDown}
      className="grid grid-cols-[repeat(auto-fill,minmax(min(46%,11rem),1fr))] gap-3"
    >
      {loading &&
        Array.from({ length: 12 }, (_, index) => `s${index}`).map((key) => (
          <Skeleton key={key} className="aspect-square rounded-xl" />
        ))}
      {assets.map((asset) => (
        <Tile
          key={asset.id}
          asset={asset}
          chosen={selection.ids.has(asset.id)}
          choosing={selection.ids.size > 0}
          onOpen={() => onOpen(asset.id)}
          onChoose={(range) =>
            onSelect(range ? extended(selection, asset.id, order) : toggled(selection, asset.id))
          }
          onDragStart={(event) => carry(event, asset.id)}
        />
      ))}
    </div>
  );
}
