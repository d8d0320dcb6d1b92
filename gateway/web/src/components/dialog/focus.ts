/**
 * Where the keyboard starts in a layer that opens: at a field that asks for it, else at the layer itself. Radix would take
 * the first button, whose tooltip then covers what was opened, and takes the first Escape.
 */
export function focusLayer(event: Event): void {
  event.preventDefault();
  const layer = event.currentTarget;
  if (layer instanceof HTMLElement && !layer.contains(document.activeElement)) layer.focus();
}
