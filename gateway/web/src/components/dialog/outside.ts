/** Keeps a layer open while a notification above it is clicked: that is no click beside the layer. */
export function ignoreToasts(event: CustomEvent<{ originalEvent: Event }>): void {
  const { target } = event.detail.originalEvent;
  if (target instanceof Element && target.closest("[data-toasts]") !== null) event.preventDefault();
}
