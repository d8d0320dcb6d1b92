import type { DragEvent } from "react";

const TYPE = "application/x-atelier-assets";

/** Take assets along with the pointer. */
export function carryAssets(event: DragEvent, ids: readonly string[]): void {
  event.dataTransfer.setData(TYPE, JSON.stringify(ids));
  event.dataTransfer.effectAllowed = "copy";
}

export function carriesAssets(event: DragEvent): boolean {
  return event.dataTransfer.types.includes(TYPE);
}

/** Files from outside; a picture of the page that is dragged looks like one as well. */
export function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes("Files") && !carriesAssets(event);
}

export function carriedAssets(event: DragEvent): string[] {
  const given: unknown = JSON.parse(event.dataTransfer.getData(TYPE) || "[]");
  return Array.isArray(given) ? given.filter((id): id is string => typeof id === "string") : [];
}
