import { send } from "./http";
import { asProblem, type Problem } from "./problem";
import { frames, type SseFrame, SseParser } from "./sse";

export type StreamState = "connecting" | "open" | "waiting";

export interface FollowOptions {
  url: string;
  /** Resume after this event id; empty = from now. */
  after: string;
  signal: AbortSignal;
  onFrame: (frame: SseFrame) => void;
  onState: (state: StreamState, problem: Problem | null) => void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
// The gateway sends a comment every 15 s; three missed ones mean a connection that died without saying so.
const SILENCE_MS = 50_000;

/** Wait before reconnection number `attempt` (from 0): doubling, with jitter so that many tabs do not return at once. */
export function reconnectDelay(attempt: number, random: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10)) * (0.75 + random / 2);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      window.removeEventListener("online", finish);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    window.addEventListener("online", finish);
    signal.addEventListener("abort", finish);
  });
}

/**
 * Follow an event stream for good: reconnects with back-off and Last-Event-ID until the signal aborts.
 * `fetch` instead of `EventSource`, which can carry neither a bearer token nor a Last-Event-ID of an earlier page.
 */
export async function follow({ url, after, signal, onFrame, onState }: FollowOptions): Promise<void> {
  let lastId = after;
  let attempt = 0;
  while (!signal.aborted) {
    const parser = new SseParser(lastId);
    const watchdog = new AbortController();
    const stop = () => watchdog.abort();
    signal.addEventListener("abort", stop);
    let silence = setTimeout(stop, SILENCE_MS);
    let problem: Problem | null = null;
    try {
      onState("connecting", null);
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (lastId !== "") headers["Last-Event-ID"] = lastId;
      const response = await send(url, { headers, signal: watchdog.signal, cache: "no-store" });
      if (response.body === null) throw new TypeError("The answer has no body.");
      onState("open", null);
      attempt = 0;
      const alive = response.body.pipeThrough(
        new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(chunk, controller) {
            clearTimeout(silence);
            silence = setTimeout(stop, SILENCE_MS);
            controller.enqueue(chunk);
          },
        }),
      );
      for await (const frame of frames(alive, parser)) onFrame(frame);
    } catch (error) {
      if (!watchdog.signal.aborted) problem = asProblem(error);
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      lastId = parser.lastId;
    }
    if (signal.aborted) return;
    onState("waiting", problem);
    await pause(reconnectDelay(attempt, Math.random()), signal);
    attempt += 1;
  }
}
