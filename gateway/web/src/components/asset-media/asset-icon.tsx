import { File as FileIcon, FileText, Film, Music } from "lucide-react";
import type { Asset } from "@/api/types";

const ICONS = { video: Film, audio: Music, text: FileText } as Record<string, typeof FileIcon>;

/** The symbol of an asset that has no picture. */
export function AssetIcon({ asset }: { asset: Asset }) {
  const Icon = ICONS[asset.kind] ?? FileIcon;
  return <Icon aria-hidden="true" className="size-8" />;
}
