import { useEffect, useReducer } from "react";

const LOOK_MS = 250;

/** Whole seconds until a time, in milliseconds since the epoch, counting down to 0; 0 where there is none. */
export function useSecondsLeft(until: number | null): number {
  const [, look] = useReducer((count: number) => count + 1, 0);
  const left = until === null ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const waiting = left > 0;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [waiting]);
  return left;
}
