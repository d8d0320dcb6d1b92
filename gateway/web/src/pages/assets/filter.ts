import type { AssetFilter } from "@/api/client";
import type { AssetsSearch } from "@/router";

const PAGE = 60;

/** The tags an address names. */
export function tagsOf(search: AssetsSearch): string[] {
  return search.tag?.split(",").filter(Boolean) ?? [];
}

/** The address with a tag more, or without it if it had it. */
export function withTag(search: AssetsSearch, tag: string): AssetsSearch {
  const now = tagsOf(search);
  const next = now.includes(tag) ? now.filter((one) => one !== tag) : [...now, tag];
  return { ...search, tag: next.join(",") || undefined };
}

/** Local midnight at the beginning of a day, or of the day after it, as the API takes it. */
function midnight(day: string, daysLater = 0): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}

/** What the API is asked for an address. Days are the reader's own, both included. */
export function filterOf(search: AssetsSearch): AssetFilter {
  const { q, kind, model, source, favourite, from, to, board, sort } = search;
  const tags = tagsOf(search);
  return {
    limit: PAGE,
    ...(q ? { q } : {}),
    ...(kind ? { kind } : {}),
    ...(tags.length > 0 ? { tag: tags } : {}),
    ...(model ? { model } : {}),
    ...(source ? { source } : {}),
    ...(favourite ? { favourite } : {}),
    ...(from ? { from: midnight(from) } : {}),
    ...(to ? { to: midnight(to, 1) } : {}),
    ...(board ? { board_id: board } : {}),
    ...(sort ? { sort } : {}),
  };
}

/** True if an address leaves anything out. */
export function isFiltered(search: AssetsSearch): boolean {
  const { asset: _asset, sort: _sort, ...rest } = search;
  return Object.values(rest).some((value) => value !== undefined);
}
