/** One dispatched event of a Server-Sent Events stream. */
export interface SseFrame {
  event: string;
  data: string;
  /** The last id the stream has given so far; empty before the first. */
  id: string;
}

/**
 * Incremental parser of the event stream format (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * Feed it text as it arrives, cut anywhere; it returns the events completed by that text.
 */
export class SseParser {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private skipLineFeed = false;
  private nextId: string;
  /** Last id seen, to be sent as Last-Event-ID when reconnecting. */
  lastId: string;
  /** Reconnection time asked for by the server in milliseconds, or null. */
  retryMs: number | null = null;

  constructor(lastId = "") {
    this.lastId = lastId;
    this.nextId = lastId;
  }

  feed(chunk: string): SseFrame[] {
    const frames: SseFrame[] = [];
    if (chunk === "") return frames;
    let text = this.rest + chunk;
    // A line may end with CR LF whose halves arrive in different chunks.
    if (this.skipLineFeed && text.startsWith("\n")) text = text.slice(1);
    this.skipLineFeed = false;
    const ending = /\r\n|\n|\r/g;
    let start = 0;
    for (let match = ending.exec(text); match !== null; match = ending.exec(text)) {
      const frame = this.line(text.slice(start, match.index));
      if (frame !== null) frames.push(frame);
      start = ending.lastIndex;
      if (match[0] === "\r" && start === text.length) this.skipLineFeed = true;
    }
    this.rest = text.slice(start);
    return frames;
  }

  private line(line: string): SseFrame | null {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.event = value;
    else if (name === "data") this.data.push(value);
    else if (name === "id" && !value.includes("\0")) this.nextId = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  private dispatch(): SseFrame | null {
    this.lastId = this.nextId;
    const frame =
      this.data.length > 0 ? { event: this.event || "message", data: this.data.join("\n"), id: this.lastId } : null;
    this.event = "";
    this.data = [];
    return frame;
  }
}

/** The events of one response body, until it ends. `parser` keeps the last id across responses. */
export async function* frames(body: ReadableStream<Uint8Array>, parser = new SseParser()): AsyncGenerator<SseFrame> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
