/** The pages of the modes, by the kind of their jobs. A mode with a page more is a line more here. */
const PAGES = {
  "diffusion.text_to_image": "/text-to-image",
  "diffusion.image_to_image": "/image-to-image",
  "diffusion.inpaint": "/inpaint",
  "diffusion.grid": "/grid",
  "diffusion.text_to_video": "/text-to-video",
  "diffusion.image_to_video": "/image-to-video",
  "diffusion.upscale": "/upscale",
} as const;

/** Whether a mode makes videos. */
export function makesVideo({ kind }: { kind: string }): boolean {
  return kind.endsWith("_video");
}

export type StudioPage = (typeof PAGES)[keyof typeof PAGES];

/** Where the settings of such a job can be used again, or undefined. */
export function studioPage(kind: string): StudioPage | undefined {
  return (PAGES as Record<string, StudioPage>)[kind];
}
