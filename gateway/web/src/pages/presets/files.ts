import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { toast } from "@/components/toast/toast-store";
import { saveFile } from "@/lib/save-file";

const LARGEST = 1024 * 1024;

/** Save presets on the user's machine: those named, or all of one's own. */
export async function exportPresets(ids: readonly string[], name: string): Promise<void> {
  try {
    const document = await api.exportPresets(ids);
    saveFile(new Blob([JSON.stringify(document, null, 2)], { type: "application/json" }), `${name}.json`);
  } catch (error) {
    toast({ tone: "danger", title: "The presets could not be exported", detail: asProblem(error).message });
  }
}

/** Bring presets back from a file; false where that did not work, which is told. */
export async function importPresets(file: File): Promise<boolean> {
  try {
    const brought = await api.importPresets(await read(file));
    const names = brought.map(({ name }) => name).join(", ");
    toast({ tone: "success", title: brought.length === 1 ? "One preset imported" : `${brought.length} presets imported`, detail: names });
    return true;
  } catch (error) {
    toast({ tone: "danger", title: `${file.name} was not imported`, detail: asProblem(error).message });
    return false;
  }
}

async function read(file: File): Promise<unknown> {
  if (file.size > LARGEST) throw new Error("It is larger than presets ever are.");
  try {
    return JSON.parse(await file.text());
  } catch {
    throw new Error("It holds no JSON.");
  }
}
