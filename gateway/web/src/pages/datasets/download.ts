import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Dataset } from "@/api/types";
import { toast } from "@/components/toast/toast-store";
import { saveFile } from "@/lib/save-file";
import { datasetName } from "./describe";

/** Save a version on the user's machine, as JSON Lines. */
export async function downloadDataset(dataset: Dataset, version: number): Promise<void> {
  try {
    saveFile(await api.exportDataset(dataset.id, version), `${datasetName(dataset)}-${version}.jsonl`);
  } catch (error) {
    toast({ tone: "danger", title: "The download failed", detail: asProblem(error).message });
  }
}
