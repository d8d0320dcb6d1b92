import { type RefObject, useEffect } from "react";

/**
 * The keyboard starts here when the page appears, unless it is in use: in a layer that was opened while the page was being
 * fetched, which would close.
 */
export function useFocusAtStart(field: RefObject<HTMLElement | null>, wanted = true): void {
  useEffect(() => {
    if (!wanted) return;
    // On a touch screen focusing would raise the keyboard over the page.
    if (!matchMedia("(pointer: fine)").matches) return;
    if (document.activeElement?.closest("[role=dialog], [role=menu], [role=listbox]")) return;
    field.current?.focus();
  }, [field, wanted]);
}
