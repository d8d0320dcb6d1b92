import type { StudioForm } from "./use-form";

/** What the button of a mode says that makes pictures. */
export function makePictures(form: StudioForm): string {
  const count = form.number("count");
  return count > 1 ? `Make ${count} pictures` : "Make a picture";
}
