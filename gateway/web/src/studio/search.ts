/** What the address of a mode's page may carry; it is taken into the form once, and then gone from the address. */
export interface StudioSearch {
  prompt?: string | undefined;
  /** A job whose settings to take. */
  job?: string | undefined;
  /** An asset whose settings to take. */
  asset?: string | undefined;
  /** An asset to begin with. */
  image?: string | undefined;
  video?: string | undefined;
}

export const STUDIO_SEARCH = ["prompt", "job", "asset", "image", "video"] as const;
