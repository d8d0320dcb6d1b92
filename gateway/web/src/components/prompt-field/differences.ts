export interface Piece {
  text: string;
  kind: "same" | "added" | "removed";
}

const words = (text: string): string[] => text.match(/\S+\s*/g) ?? [];

/** How two texts differ, word by word (longest common subsequence). */
export function differences(before: string, after: string): Piece[] {
  const [old, fresh] = [words(before), words(after)];
  const alike = (i: number, j: number) => old[i]?.trim().replace(/,$/, "") === fresh[j]?.trim().replace(/,$/, "");
  // lengths[i][j]: the longest common part of what follows word i of the one and word j of the other.
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(fresh.length + 1));
  const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--) {
    const row = lengths[i];
    if (row === undefined) continue;
    for (let j = fresh.length - 1; j >= 0; j--) {
      row[j] = alike(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pieces: Piece[] = [];
  const put = (kind: Piece["kind"], text: string) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else pieces.push({ kind, text });
  };
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && alike(i, j)) {
      put("same", fresh[j] ?? "");
      i++;
      j++;
    } else if (i < old.length && (j === fresh.length || at(i + 1, j) >= at(i, j + 1))) put("removed", old[i++] ?? "");
    else put("added", fresh[j++] ?? "");
  }
  return pieces;
}
