import { ArrowLeftRight } from "lucide-react";
import { useState } from "react";
import type { Asset } from "@/api/types";
import { AssetImage } from "@/components/asset-media/asset-image";
import { assetSettings, describeAsset } from "@/components/asset-media/describe";
import { Button } from "@/components/button/button";
import { CompareSlider } from "@/components/compare-slider/compare-slider";
import { Dialog } from "@/components/dialog/dialog";
import { differences } from "./differences";

interface CompareDialogProps {
  /** Two pictures; null = closed. */
  pair: readonly [Asset, Asset] | null;
  onClose: () => void;
}

function Comparison({ pair }: { pair: readonly [Asset, Asset] }) {
  const [swapped, setSwapped] = useState(false);
  const [before, after] = swapped ? [pair[1], pair[0]] : pair;
  const rows = differences(assetSettings(before), assetSettings(after));
  return (
    <div className="grid gap-4">
      <div className="mx-auto w-full" style={{ maxWidth: `calc(60dvh * ${(after.width || 1) / (after.height || 1)})` }}>
        <CompareSlider
          before={<AssetImage key={before.id} asset={before} className="size-full object-cover" />}
          after={<AssetImage key={after.id} asset={after} className="size-full object-cover" />}
          label={`Before: ${describeAsset(before)}; after: ${describeAsset(after)}`}
          width={after.width}
          height={after.height}
          className="rounded-xl"
        />
      </div>
      <div className="flex items-center justify-between gap-3">
        <h3 className="text-sm font-medium">{rows.length > 0 ? "What differs" : "Made with the same settings"}</h3>
        <Button size="sm" onClick={() => setSwapped(!swapped)}>
          <ArrowLeftRight />
          Swap
        </Button>
      </div>
      {rows.length > 0 && (
        <table className="w-full table-fixed text-left text-sm">
          <thead className="text-xs text-muted">
            <tr>
              <th className="w-1/4 py-1 font-normal">Setting</th>
              <th className="py-1 font-normal">Before</th>
              <th className="py-1 font-normal">After</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, before: was, after: is }) => (
              <tr key={name} className="border-t align-top">
                <th className="py-1.5 pr-3 font-normal text-muted">{name}</th>
                <td className="py-1.5 pr-3 wrap-anywhere">{was}</td>
                <td className="py-1.5 wrap-anywhere">{is}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** Two pictures on top of each other, and what they were made with side by side. */
export function CompareDialog({ pair, onClose }: CompareDialogProps) {
  return (
    <Dialog open={pair !== null} onOpenChange={(next) => !next && onClose()} title="Compare" className="max-w-4xl">
      {pair !== null && <Comparison pair={pair} />}
    </Dialog>
  );
}
