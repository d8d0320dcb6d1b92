import { useEffect } from "react";
import { ago, dateTime } from "@/lib/format";
import { createValue } from "@/lib/value";

const now = createValue(Date.now());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** How long ago, kept current by one clock for the whole page. */
export function RelativeTime({ time, className }: { time: string; className?: string }) {
  const current = now.use();
  useEffect(() => {
    users += 1;
    timer ??= setInterval(() => now.set(Date.now()), 20_000);
    return () => {
      users -= 1;
      if (users > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return (
    <time dateTime={time} title={dateTime(time)} className={className}>
      {ago(time, Math.max(current, Date.parse(time)))}
    </time>
  );
}
