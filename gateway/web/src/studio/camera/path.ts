/** The way a camera takes over a picture, as the diffusion service computes it (services/diffusion/video/path.py). */

/** What a frame shows of a picture. */
export interface View {
  /** Where its centre is, from the picture's centre to the right; in picture widths. */
  x: number;
  /** The same downwards; in picture heights. */
  y: number;
  /** How many views side by side are as wide as the picture. */
  zoom: number;
  /** How far the picture is turned to the left, radians. */
  turn: number;
}

// At full intensity: how much closer a pan's view is, how much a zoom enlarges, how far a roll turns.
const TRAVEL = 0.5;
const GROWTH = 0.6;
const TURN = (20 * Math.PI) / 180;

const STILL: View = { x: 0, y: 0, zoom: 1, turn: 0 };

/** The view at a time from 0 (the beginning) to 1 (the end); `aspect` = width / height. */
export function viewAt(move: string, intensity: number, aspect: number, time: number): View {
  if (intensity === 0) return STILL;
  const way = time * time * (3 - 2 * time);
  const close = 1 + TRAVEL * intensity;
  const room = (way - 0.5) * (1 - 1 / close);
  const most = 1 + GROWTH * intensity;
  const nearer = 1 - 1 / most;
  const turn = TURN * intensity;
  const rolled = Math.cos(turn) + Math.max(aspect, 1 / aspect) * Math.sin(turn);
  switch (move) {
    case "pan_left":
      return { ...STILL, x: room, zoom: close };
    case "pan_right":
      return { ...STILL, x: -room, zoom: close };
    case "tilt_up":
      return { ...STILL, y: room, zoom: close };
    case "tilt_down":
      return { ...STILL, y: -room, zoom: close };
    case "zoom_in":
      return { ...STILL, zoom: most ** way };
    case "zoom_out":
      return { ...STILL, zoom: most ** (1 - way) };
    case "dolly_in":
      return { ...STILL, zoom: 1 / (1 - nearer * way) };
    case "dolly_out":
      return { ...STILL, zoom: 1 / (1 - nearer * (1 - way)) };
    case "roll_left":
      return { ...STILL, zoom: rolled, turn: turn * way };
    case "roll_right":
      return { ...STILL, zoom: rolled, turn: -turn * way };
    default:
      return STILL;
  }
}

/** The same for an element that shows the whole picture in the frame. */
export function cssTransform({ x, y, zoom, turn }: View): string {
  return `rotate(${-turn}rad) scale(${zoom}) translate(${-100 * x}%, ${-100 * y}%)`;
}
