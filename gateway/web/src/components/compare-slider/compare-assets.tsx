import { Pause, Play } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Asset } from "@/api/types";
import { AssetImage } from "@/components/asset-media/asset-image";
import { describeAsset } from "@/components/asset-media/describe";
import { useProtectedUrl } from "@/components/asset-media/use-protected-url";
import { IconButton } from "@/components/icon-button/icon-button";
import { CompareSlider } from "./compare-slider";

interface CompareAssetsProps {
  before: Asset;
  after: Asset;
}

const FILL = "size-full object-cover outline-none";

/** Two pictures, or two videos that play together, with a line to drag between them. */
export function CompareAssets({ before, after }: CompareAssetsProps) {
  const label = `Before and after: ${describeAsset(before)}`;
  const [width, height] = [after.width || before.width, after.height || before.height];
  if (before.kind === "video" && after.kind === "video") {
    return <CompareVideos before={before} after={after} label={label} width={width} height={height} />;
  }
  return (
    <CompareSlider
      label={label}
      width={width}
      height={height}
      before={<AssetImage asset={before} className={FILL} />}
      after={<AssetImage asset={after} className={FILL} />}
    />
  );
}

interface CompareVideosProps extends CompareAssetsProps {
  label: string;
  width: number;
  height: number;
}

// Further apart than two frames is seen.
const APART_S = 0.08;

function CompareVideos({ before, after, label, width, height }: CompareVideosProps) {
  const [playing, setPlaying] = useState(false);
  const leader = useRef<HTMLVideoElement>(null);
  const follower = useRef<HTMLVideoElement>(null);
  const urls = [useProtectedUrl(before.content_url) ?? undefined, useProtectedUrl(after.content_url) ?? undefined];
  useEffect(() => {
    const [first, second] = [leader.current, follower.current];
    if (first === null || second === null) return;
    const follow = () => {
      if (Math.abs(second.currentTime - first.currentTime) > APART_S) second.currentTime = first.currentTime;
    };
    const started = () => {
      setPlaying(true);
      follow();
      void second.play();
    };
    const stopped = () => {
      setPlaying(false);
      second.pause();
      follow();
    };
    const listened = { play: started, pause: stopped, ended: stopped, timeupdate: follow, seeked: follow };
    for (const [name, heard] of Object.entries(listened)) first.addEventListener(name, heard);
    return () => {
      for (const [name, heard] of Object.entries(listened)) first.removeEventListener(name, heard);
    };
  }, []);
  const toggle = () => void (playing ? leader.current?.pause() : leader.current?.play());
  return (
    <div className="relative">
      <CompareSlider
        label={label}
        width={width}
        height={height}
        before={<video ref={follower} src={urls[0]} muted playsInline preload="auto" className={FILL} />}
        after={<video ref={leader} src={urls[1]} muted playsInline preload="auto" className={FILL} />}
      />
      <IconButton
        label={playing ? "Pause" : "Play"}
        look="secondary"
        className="absolute bottom-2 left-1/2 -translate-x-1/2"
        onClick={toggle}
      >
        {playing ? <Pause /> : <Play />}
      </IconButton>
    </div>
  );
}
