/**
 * Takes the keyboard to the first field of a form that says what is wrong with it, clear of a bar that covers an edge.
 * Buttons, which cannot be invalid, say it with `data-invalid`.
 */
export function showFirstError(form: HTMLElement | null): void {
  const field = form?.querySelector<HTMLElement>("[aria-invalid=true], [data-invalid=true]");
  field?.focus({ preventScroll: true });
  field?.scrollIntoView({ block: "center" });
}
