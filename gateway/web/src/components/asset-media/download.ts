import { send } from "@/api/http";
import { asProblem } from "@/api/problem";
import type { Asset } from "@/api/types";
import { toast } from "@/components/toast/toast-store";
import { saveFile } from "@/lib/save-file";
import { fileName } from "./describe";

/** Save an asset's file on the user's machine. */
export async function downloadAsset(asset: Asset): Promise<void> {
  try {
    const blob = await (await send(asset.content_url)).blob();
    saveFile(blob, fileName(asset));
  } catch (error) {
    const problem = asProblem(error);
    toast({ tone: "danger", title: "The download failed", detail: problem.message });
  }
}
