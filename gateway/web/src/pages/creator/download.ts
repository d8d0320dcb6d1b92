import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Code } from "@/api/types";
import { toast } from "@/components/toast/toast-store";

/** Save a version's files on the user's machine, zipped. */
export async function downloadCode({ id, version, project_name }: Code): Promise<void> {
  try {
    const url = URL.createObjectURL(await api.downloadCode(id, version));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${project_name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "") || "code"}.zip`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 30_000);
  } catch (error) {
    toast({ tone: "danger", title: "The download failed", detail: asProblem(error).message });
  }
}
