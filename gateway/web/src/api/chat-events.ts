import { problemFrom } from "@/api/problem";
import type { SseFrame } from "@/api/sse";
import type { Message, MessageError } from "@/api/types";

export type ChatEvent =
  | { type: "user" | "start" | "done"; message: Message }
  | { type: "delta"; messageId: string; content: string }
  | { type: "error"; messageId: string; error: MessageError };

/** Read a frame of the stream of one or several answers; null for events this interface does not know. */
export function parseChatEvent(frame: SseFrame): ChatEvent | null {
  const data = JSON.parse(frame.data) as Record<string, unknown>;
  switch (frame.event) {
    case "user":
    case "start":
    case "done":
      return { type: frame.event, message: data as unknown as Message };
    case "delta":
      return { type: "delta", messageId: String(data.message_id ?? ""), content: String(data.content ?? "") };
    case "error":
      return { type: "error", messageId: String(data.message_id ?? ""), error: failure(data) };
    default:
      return null;
  }
}

/** A problem told within the stream, as it is kept with the message. */
function failure(body: Record<string, unknown>): MessageError {
  const { code, detail, title, hint, retryAt, attempts } = problemFrom(Number(body.status ?? 500), body);
  const retry_at = retryAt === null ? null : new Date(retryAt).toISOString();
  return { code, message: detail || title, hint, retry_at, attempts: [...attempts] };
}

function put(messages: readonly Message[], message: Message): Message[] {
  const known = messages.some((other) => other.id === message.id);
  return known ? messages.map((other) => (other.id === message.id ? message : other)) : [...messages, message];
}

/** The messages after one event. */
export function applyChatEvent(messages: readonly Message[], event: ChatEvent): Message[] {
  switch (event.type) {
    case "user":
    case "done":
      return put(messages, event.message);
    case "start":
      return put(messages, { ...event.message, content: event.message.content ?? "", status: "streaming" });
    case "delta":
      return messages.map((message) =>
        message.id === event.messageId ? { ...message, content: message.content + event.content } : message,
      );
    case "error":
      return messages.map((message) =>
        message.id === event.messageId ? { ...message, status: "failed", error: event.error } : message,
      );
  }
}

/** The messages after the reader stopped the answer. */
export function stopAnswer(messages: readonly Message[], answering: string): Message[] {
  return messages.map((message) =>
    message.id === answering && message.status === "streaming" ? { ...message, status: "stopped" } : message,
  );
}
