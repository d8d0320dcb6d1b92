import { describe, expect, it } from "vitest";
import { reconnectDelay } from "./event-stream";
import { frames, SseParser } from "./sse";

const STREAM = 'id: 7\nevent: progress\ndata: {"a":1}\n\n: keep-alive\n\nretry: 1200\nid: 8\ndata: one\ndata: two\n\n';
const EVENTS = [
  { event: "progress", data: '{"a":1}', id: "7" },
  { event: "message", data: "one\ntwo", id: "8" },
];

describe("SseParser", () => {
  it("reads events, comments, ids and retry times", () => {
    const parser = new SseParser();
    expect(parser.feed(STREAM)).toEqual(EVENTS);
    expect(parser.lastId).toBe("8");
    expect(parser.retryMs).toBe(1200);
  });

  it("does not care where the text is cut, nor how lines end", () => {
    for (const text of [STREAM, STREAM.replaceAll("\n", "\r\n"), STREAM.replaceAll("\n", "\r")]) {
      const parser = new SseParser();
      expect([...text].flatMap((character) => parser.feed(character))).toEqual(EVENTS);
    }
  });

  it("starts from the id of an earlier connection and keeps it until a new one comes", () => {
    const parser = new SseParser("41");
    expect(parser.feed("data: x\n\n")).toEqual([{ event: "message", data: "x", id: "41" }]);
    parser.feed("id: 42\n\n");
    expect(parser.lastId).toBe("42");
  });

  it("drops an event the connection cut off, so that resuming repeats it whole", () => {
    const parser = new SseParser();
    expect(parser.feed("id: 1\ndata: a\n\nid: 2\ndata: b")).toHaveLength(1);
    expect(parser.lastId).toBe("1");
  });
});

describe("frames", () => {
  it("decodes characters split over chunks", async () => {
    const encoded = new TextEncoder().encode("data: naïve ☕\n\n");
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of encoded) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const seen: string[] = [];
    for await (const frame of frames(body)) seen.push(frame.data);
    expect(seen).toEqual(["naïve ☕"]);
  });
});

describe("reconnectDelay", () => {
  it("doubles up to a limit", () => {
    expect(reconnectDelay(0, 0.5)).toBe(500);
    expect(reconnectDelay(3, 0.5)).toBe(4000);
    expect(reconnectDelay(50, 1)).toBeLessThanOrEqual(18_750);
  });
});
