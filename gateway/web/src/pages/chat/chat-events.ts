import type { SseFrame } from "@/api/sse";
import type { JobError, Message } from "@/api/types";

export type ChatEvent =
  | { type: "user" | "start" | "done"; message: Message }
  | { type: "delta"; content: string }
  | { type: "error"; error: JobError };

/** Read a frame of an answer's stream; null for events this interface does not know. */
export function parseChatEvent(frame: SseFrame): ChatEvent | null {
  const data = JSON.parse(frame.data) as Record<string, unknown>;
  switch (frame.event) {
    case "user":
    case "start":
    case "done":
      return { type: frame.event, message: data as unknown as Message };
    case "delta":
      return { type: "delta", content: String(data.content ?? "") };
    case "error":
      return { type: "error", error: failure(data) };
    default:
      return null;
  }
}

function failure(problem: Record<string, unknown>): JobError {
  const word = (name: string) => (typeof problem[name] === "string" ? problem[name] : "");
  return { code: word("code"), message: word("detail") || word("message") || word("title"), hint: word("hint") };
}

function put(messages: readonly Message[], message: Message): Message[] {
  const known = messages.some((other) => other.id === message.id);
  return known ? messages.map((other) => (other.id === message.id ? message : other)) : [...messages, message];
}

/** The messages after one event; `answering` is the id of the answer being written, or null before it began. */
export function applyChatEvent(messages: readonly Message[], event: ChatEvent, answering: string | null): Message[] {
  switch (event.type) {
    case "user":
    case "done":
      return put(messages, event.message);
    case "start":
      return put(messages, { ...event.message, content: event.message.content ?? "", status: "streaming" });
    case "delta":
      return messages.map((message) =>
        message.id === answering ? { ...message, content: message.content + event.content } : message,
      );
    case "error":
      return messages.map((message) =>
        message.id === answering ? { ...message, status: "failed", error: event.error } : message,
      );
  }
}

/** The messages after the reader stopped the answer. */
export function stopAnswer(messages: readonly Message[], answering: string): Message[] {
  return messages.map((message) =>
    message.id === answering && message.status === "streaming" ? { ...message, status: "stopped" } : message,
  );
}
