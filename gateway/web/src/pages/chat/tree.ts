import type { Message } from "@/api/types";

/** Which of several answers (or edits) was chosen, by parent id; the root's key is the empty string. */
export type Selection = Readonly<Record<string, string>>;

/** A message on the chosen branch, with its place among its siblings. */
export interface BranchPoint {
  message: Message;
  siblings: readonly string[];
  index: number;
}

const parentKey = (message: Message) => message.parent_id ?? "";

function childrenByParent(messages: readonly Message[]): Map<string, Message[]> {
  const ids = new Set(messages.map((message) => message.id));
  const children = new Map<string, Message[]>();
  // Ids are ULIDs, so sorting by id is sorting by time.
  for (const message of [...messages].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const parent = parentKey(message);
    // A message whose parent is missing would otherwise vanish with its whole branch.
    const key = ids.has(parent) ? parent : "";
    const list = children.get(key);
    if (list === undefined) children.set(key, [message]);
    else list.push(message);
  }
  return children;
}

/** The messages from the root to the end of the chosen branch; where nothing was chosen the newest branch is taken. */
export function branch(messages: readonly Message[], selection: Selection): BranchPoint[] {
  const children = childrenByParent(messages);
  const path: BranchPoint[] = [];
  for (let key = ""; ; ) {
    const siblings = children.get(key);
    if (siblings === undefined) return path;
    const chosen = siblings.findIndex((message) => message.id === selection[key]);
    const index = chosen === -1 ? siblings.length - 1 : chosen;
    const message = siblings[index];
    if (message === undefined) return path;
    path.push({ message, siblings: siblings.map((sibling) => sibling.id), index });
    key = message.id;
  }
}

/** Choose the sibling `by` places away from a message, within bounds. */
export function choose(selection: Selection, point: BranchPoint, by: number): Selection {
  const index = Math.min(point.siblings.length - 1, Math.max(0, point.index + by));
  const id = point.siblings[index];
  return id === undefined ? selection : { ...selection, [parentKey(point.message)]: id };
}

/** Forget the choice below a parent, so that its newest child, about to be written, is shown. */
export function followNewest(selection: Selection, parentId: string | null): Selection {
  const { [parentId ?? ""]: _, ...rest } = selection;
  return rest;
}
