/** The pages of the modes, by the kind of their jobs. A mode with a page more is a line more here. */
const PAGES = {
  "diffusion.text_to_image": "/text-to-image",
  "diffusion.image_to_image": "/image-to-image",
  "diffusion.inpaint": "/inpaint",
  "diffusion.upscale": "/upscale",
} as const;

export type StudioPage = (typeof PAGES)[keyof typeof PAGES];

/** Where the settings of such a job can be used again, or undefined. */
export function studioPage(kind: string): StudioPage | undefined {
  return (PAGES as Record<string, StudioPage>)[kind];
}
