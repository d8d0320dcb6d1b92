import type { Dataset, DatasetVersion } from "@/api/types";
import { bytes, named, wholeNumber } from "@/lib/format";

/** What a dataset is called. */
export function datasetName({ name }: Dataset): string {
  return named(name, "Dataset without a name");
}

/** "1 item", "1,234 items". */
export function itemCount(count: number): string {
  return `${wholeNumber(count)} ${count === 1 ? "item" : "items"}`;
}

/** "23 items, 14.2 kB". */
export function extent({ items, size_bytes }: DatasetVersion): string {
  return `${itemCount(items)}, ${bytes(size_bytes)}`;
}
