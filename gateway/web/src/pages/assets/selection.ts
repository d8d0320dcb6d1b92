/** Which assets are chosen, and from which one a range would begin. */
export interface Selection {
  ids: ReadonlySet<string>;
  anchor: string | null;
}

export const NOTHING: Selection = { ids: new Set(), anchor: null };

/** One more, or one less. */
export function toggled({ ids }: Selection, id: string): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id };
}

/** Everything between the one chosen last and this one, as they stand in `order`, is chosen as well. */
export function extended(selection: Selection, id: string, order: readonly string[]): Selection {
  const [from, to] = [order.indexOf(selection.anchor ?? id), order.indexOf(id)];
  if (from < 0 || to < 0) return toggled(selection, id);
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...selection.ids, ...range]), anchor: selection.anchor ?? id };
}

/** Without those that are no longer there. */
export function among({ ids, anchor }: Selection, order: readonly string[]): Selection {
  const there = new Set(order);
  const kept = [...ids].filter((id) => there.has(id));
  return { ids: new Set(kept), anchor: anchor !== null && there.has(anchor) ? anchor : null };
}
