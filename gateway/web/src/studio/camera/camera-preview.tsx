import { Pause, Play } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { IconButton } from "@/components/icon-button/icon-button";
import { cssTransform, viewAt } from "./path";

const query = () => matchMedia("(prefers-reduced-motion: reduce)");

function useLessMotion(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const media = query();
      media.addEventListener("change", changed);
      return () => media.removeEventListener("change", changed);
    },
    () => query().matches,
  );
}

interface CameraPreviewProps {
  move: string;
  intensity: number;
  /** Width / height of the frames. */
  aspect: number;
  durationS: number;
  /** What to move over, already cut to the frames' shape by `object-fit`; a drawing where there is nothing yet. */
  picture: string | null;
}

// Before it begins again.
const REST_MS = 700;

/** What the camera will do, over a small picture. Where less motion is wanted: how it begins and ends. */
export function CameraPreview({ move, intensity, aspect, durationS, picture }: CameraPreviewProps) {
  const calm = useLessMotion();
  const [playing, setPlaying] = useState(true);
  const moved = useRef<HTMLDivElement>(null);
  const still = move === "static" || intensity === 0;
  const shown = !calm && playing && !still;
  useEffect(() => {
    const element = moved.current;
    if (element === null) return;
    const place = (time: number) => {
      element.style.transform = cssTransform(viewAt(move, intensity, aspect, time));
    };
    place(shown ? 0 : 0.5);
    if (!shown) return;
    const began = performance.now();
    let next = 0;
    const step = (now: number) => {
      const played = (now - began) % (durationS * 1000 + REST_MS);
      place(Math.min(1, Math.max(0, played / (durationS * 1000))));
      next = requestAnimationFrame(step);
    };
    next = requestAnimationFrame(step);
    return () => cancelAnimationFrame(next);
  }, [move, intensity, aspect, durationS, shown]);
  const shape = { aspectRatio: String(aspect) };
  if (calm && !still) {
    return (
      <div className="grid grid-cols-2 gap-2">
        {[0, 1].map((time) => (
          <figure key={time} className="grid gap-1">
            <div className="overflow-hidden rounded-lg bg-sunken" style={shape}>
              <div className="size-full" style={{ transform: cssTransform(viewAt(move, intensity, aspect, time)) }}>
                <Picture url={picture} />
              </div>
            </div>
            <figcaption className="text-center text-xs text-muted">{time === 0 ? "First frame" : "Last frame"}</figcaption>
          </figure>
        ))}
      </div>
    );
  }
  return (
    <div className="relative mx-auto max-h-56 w-full overflow-hidden rounded-lg bg-sunken" style={{ ...shape, maxWidth: `${14 * aspect}rem` }}>
      <div ref={moved} className="size-full" data-camera={move}>
        <Picture url={picture} />
      </div>
      {!still && (
        <IconButton
          label={playing ? "Pause the preview" : "Play the preview"}
          look="secondary"
          className="absolute right-2 bottom-2"
          onClick={() => setPlaying(!playing)}
        >
          {playing ? <Pause /> : <Play />}
        </IconButton>
      )}
    </div>
  );
}

function Picture({ url }: { url: string | null }) {
  if (url !== null) return <img src={url} alt="" className="size-full object-cover" />;
  return (
    <svg aria-hidden="true" viewBox="0 0 160 160" preserveAspectRatio="xMidYMid slice" className="size-full text-muted">
      <rect width="160" height="160" className="fill-sunken" />
      <path
        d="M0 20H160M0 40H160M0 60H160M0 80H160M0 100H160M0 120H160M0 140H160M20 0V160M40 0V160M60 0V160M80 0V160M100 0V160M120 0V160M140 0V160"
        stroke="currentColor"
        strokeOpacity="0.35"
      />
      <circle cx="112" cy="56" r="12" fill="currentColor" fillOpacity="0.55" />
      <path d="M20 118 60 64 88 100 104 82 140 118Z" fill="currentColor" fillOpacity="0.45" />
    </svg>
  );
}
