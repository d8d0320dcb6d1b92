/** The pixels of a mask: painted in a colour to be seen, sent in white. */

/** Seen well on most pictures, in both themes. */
export const PAINT = "#f0147d";
/** The longest side of a mask; the server scales it to its picture. */
const LONGEST = 1536;

export function maskSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, LONGEST / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function layer(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser cannot draw.");
  return context;
}

/** The mask as a PNG `data:` URL, white where it is painted; empty if nothing is. */
export function exported(mask: HTMLCanvasElement): string {
  const context = layer(mask.width, mask.height);
  context.drawImage(mask, 0, 0);
  const { data } = context.getImageData(0, 0, mask.width, mask.height);
  let painted = false;
  for (let at = 3; at < data.length && !painted; at += 4) painted = (data[at] ?? 0) > 0;
  if (!painted) return "";
  context.globalCompositeOperation = "source-in";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, mask.width, mask.height);
  return context.canvas.toDataURL("image/png");
}

/** A mask from elsewhere in our colour: as opaque as it is bright. Rejects if it cannot be loaded. */
export async function imported(url: string, width: number, height: number): Promise<HTMLCanvasElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const context = layer(width, height);
  context.drawImage(image, 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height);
  const { data } = pixels;
  for (let at = 0; at < data.length; at += 4) {
    const brightness = 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
    data[at + 3] = Math.round((brightness * (data[at + 3] ?? 0)) / 255);
  }
  context.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = PAINT;
  context.fillRect(0, 0, width, height);
  return context.canvas;
}
