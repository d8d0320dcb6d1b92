/** Takes the keyboard to the first field of a form that says what is wrong with it, clear of a bar that covers an edge. */
export function showFirstError(form: HTMLElement | null): void {
  const field = form?.querySelector<HTMLElement>("[aria-invalid=true]");
  field?.focus({ preventScroll: true });
  field?.scrollIntoView({ block: "center" });
}
