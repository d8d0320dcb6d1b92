import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { uniqueKey } from "@/lib/unique-key";
import { type Chip, MOST_ATTACHMENTS, refusal, refusalOfAsset } from "./attachments";

export interface Attachments {
  chips: readonly Chip[];
  /** Why the last files were not taken, in sentences. */
  refused: readonly string[];
  uploading: boolean;
  add: (files: readonly File[]) => void;
  remove: (key: string) => void;
  clear: () => void;
}

/** The files that go with the next question: uploaded as soon as they are chosen. */
export function useAttachments(): Attachments {
  const queries = useQueryClient();
  const [chips, setChips] = useState<readonly Chip[]>([]);
  const [refused, setRefused] = useState<readonly string[]>([]);
  const remove = useCallback((key: string) => setChips((now) => now.filter((chip) => chip.key !== key)), []);

  const upload = async (key: string, file: File) => {
    const refuse = (why: string) => {
      remove(key);
      setRefused((now) => [...now, why]);
    };
    try {
      const [asset] = (await api.uploadAssets([file])).items;
      if (asset === undefined) return remove(key);
      const why = refusalOfAsset({ ...asset, name: file.name });
      if (why !== null) {
        // It was uploaded for this question only.
        await api.deleteAsset(asset.id);
        return refuse(why);
      }
      const kind = asset.kind === "image" ? "image" : "text";
      setChips((now) => now.map((chip) => (chip.key === key ? { ...chip, assetId: asset.id, kind } : chip)));
      void queries.invalidateQueries({ queryKey: ["assets"] });
    } catch (error) {
      const problem = asProblem(error);
      refuse(`${file.name} was not uploaded: ${problem.fields[0]?.message ?? problem.message}`);
    }
  };

  const add = (files: readonly File[]) => {
    const why = files.map(refusal);
    const fit = files.filter((_, index) => why[index] === null);
    const taken = fit.slice(0, MOST_ATTACHMENTS - chips.length);
    const tooMany = fit.length > taken.length ? [`At most ${MOST_ATTACHMENTS} files go with a question.`] : [];
    setRefused([...why.filter((words) => words !== null), ...tooMany]);
    const added = taken.map((file) => ({ key: uniqueKey(), file }));
    setChips((now) => [
      ...now,
      ...added.map(({ key, file }): Chip => ({ key, name: file.name, assetId: null, kind: "text" })),
    ]);
    for (const { key, file } of added) void upload(key, file);
  };
  const clear = () => {
    setChips([]);
    setRefused([]);
  };
  return { chips, refused, uploading: chips.some((chip) => chip.assetId === null), add, remove, clear };
}
