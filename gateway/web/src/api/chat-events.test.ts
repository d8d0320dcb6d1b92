import { describe, expect, it } from "vitest";
import type { Message } from "@/api/types";
import { applyChatEvent, type ChatEvent, parseChatEvent, stopAnswer } from "./chat-events";

const user = { id: "1", parent_id: null, role: "user", content: "Hi", status: "complete" } as Message;
const stub = { id: "2", parent_id: "1", role: "assistant", content: "", status: "streaming" } as Message;
const play = (...events: ChatEvent[]) =>
  events.reduce((messages, event) => applyChatEvent(messages, event), [] as Message[]);

describe("applyChatEvent", () => {
  it("writes an answer delta by delta and ends with the stored message", () => {
    const writing = play(
      { type: "user", message: user },
      { type: "start", message: stub },
      { type: "delta", messageId: "2", content: "Hel" },
      { type: "delta", messageId: "2", content: "lo" },
    );
    expect(writing.map((message) => message.content)).toEqual(["Hi", "Hello"]);
    const done = applyChatEvent(writing, {
      type: "done",
      message: { ...stub, content: "Hello!", status: "complete" },
    });
    expect(done).toHaveLength(2);
    expect(done[1]).toMatchObject({ content: "Hello!", status: "complete" });
  });

  it("keeps what was written when the model fails", () => {
    const failed = play(
      { type: "start", message: stub },
      { type: "delta", messageId: "2", content: "Hel" },
      { type: "error", messageId: "2", error: { code: "unavailable", message: "Engine restarted", hint: "" } },
    );
    expect(failed[0]).toMatchObject({ content: "Hel", status: "failed", error: { message: "Engine restarted" } });
  });

  it("writes several answers at once, each its own", () => {
    const two = play(
      { type: "start", message: stub },
      { type: "start", message: { ...stub, id: "3" } },
      { type: "delta", messageId: "3", content: "Three" },
      { type: "delta", messageId: "2", content: "Two" },
      { type: "error", messageId: "3", error: { code: "unavailable", message: "Gone", hint: "" } },
    );
    expect(two.map(({ content, status }) => [content, status])).toEqual([
      ["Two", "streaming"],
      ["Three", "failed"],
    ]);
  });
});

describe("stopAnswer", () => {
  it("marks only the answer being written", () => {
    expect(stopAnswer([user, stub], "2").map((message) => message.status)).toEqual(["complete", "stopped"]);
    expect(stopAnswer([user], "1")).toEqual([user]);
  });
});

describe("parseChatEvent", () => {
  it("reads the stream's frames and passes over unknown ones", () => {
    expect(parseChatEvent({ event: "delta", data: '{"message_id":"2","content":"x"}', id: "" })).toEqual({
      type: "delta",
      messageId: "2",
      content: "x",
    });
    expect(parseChatEvent({ event: "start", data: '{"id":"2"}', id: "" })).toMatchObject({ type: "start" });
    const problem = '{"title":"Service Unavailable","detail":"The engine restarts","code":"unavailable","message_id":"2"}';
    expect(parseChatEvent({ event: "error", data: problem, id: "" })).toEqual({
      type: "error",
      messageId: "2",
      error: { code: "unavailable", message: "The engine restarts", hint: "", retry_at: null, attempts: [] },
    });
    expect(parseChatEvent({ event: "weather", data: "{}", id: "" })).toBeNull();
  });
});
