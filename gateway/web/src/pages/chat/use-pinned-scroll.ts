import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

const NEAR_PX = 60;

/** Keeps a scroll container at its end while its content grows, unless the reader scrolled up to read. */
export function usePinnedScroll(container: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>) {
  const pinned = useRef(true);
  const [away, setAway] = useState(false);

  const toEnd = useCallback(() => {
    pinned.current = true;
    setAway(false);
    const box = container.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
  }, [container]);

  useEffect(() => {
    const box = container.current;
    const inner = content.current;
    if (box === null || inner === null) return;
    let lastTop = box.scrollTop;
    const onScroll = () => {
      const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
      // Growth alone never unpins: only a movement upwards is the reader's.
      if (near) pinned.current = true;
      else if (box.scrollTop < lastTop) pinned.current = false;
      lastTop = box.scrollTop;
      setAway(!pinned.current);
    };
    const observer = new ResizeObserver(() => {
      if (pinned.current) box.scrollTop = box.scrollHeight;
    });
    observer.observe(inner);
    observer.observe(box);
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener("scroll", onScroll);
    };
  }, [container, content]);

  return { away, toEnd };
}
