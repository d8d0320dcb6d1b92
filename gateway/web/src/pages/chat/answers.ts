import type { QueryClient } from "@tanstack/react-query";
import { applyChatEvent, type ChatEvent, parseChatEvent, stopAnswer } from "@/api/chat-events";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { conversationQuery, endpointsQuery } from "@/api/queries";
import { frames } from "@/api/sse";
import type { Message, MessageRequest } from "@/api/types";
import { createValue } from "@/lib/value";

/** An answer being written, or one that could not begin. */
export interface Answer {
  request: MessageRequest;
  /** Why it could not begin, or broke off; null while it is being written. */
  problem: Problem | null;
}

// Deltas are drawn together: a fast model sends more of them than a screen can show.
const DRAW_MS = 40;
// The gateway stores what a stopped answer came to a moment after it noticed that nobody listens.
const SETTLE_MS = 700;

/** The answers under way, by conversation. They outlive the chat page: one may look at something else meanwhile. */
export const answers = createValue<Readonly<Record<string, Answer>>>({});
const controllers = new Map<string, AbortController>();

function setAnswer(conversationId: string, answer: Answer | null): void {
  const { [conversationId]: _, ...others } = answers.get();
  answers.set(answer === null ? others : { ...others, [conversationId]: answer });
}

export function isAnswering(conversationId: string): boolean {
  return controllers.has(conversationId);
}

/** Break off the answer being written; what was written stays. */
export function stopAnswering(conversationId: string): void {
  controllers.get(conversationId)?.abort();
}

export function dismissAnswerProblem(conversationId: string): void {
  if (!isAnswering(conversationId)) setAnswer(conversationId, null);
}

/** Ask for an answer and write it into the conversation's query as it comes. Never rejects: problems become state. */
export async function answer(queries: QueryClient, conversationId: string, request: MessageRequest): Promise<void> {
  if (isAnswering(conversationId)) return;
  const controller = new AbortController();
  controllers.set(conversationId, controller);
  setAnswer(conversationId, { request, problem: null });
  const { queryKey } = conversationQuery(conversationId);
  await queries.cancelQueries({ queryKey });

  let answering: string | null = null;
  let ended = false;
  let waiting: ChatEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (change: (messages: readonly Message[]) => Message[]) => {
    queries.setQueryData(queryKey, (detail) => detail && { ...detail, messages: change(detail.messages) });
  };
  const draw = () => {
    clearTimeout(timer);
    timer = undefined;
    const events = waiting;
    waiting = [];
    if (events.length > 0) {
      write((messages) =>
        events.reduce<Message[]>((now, event) => applyChatEvent(now, event), [...messages]),
      );
    }
  };

  let problem: Problem | null = null;
  try {
    const response = await api.postMessage(conversationId, request, controller.signal);
    if (response.body === null) throw new TypeError("The answer has no body.");
    for await (const frame of frames(response.body)) {
      const event = parseChatEvent(frame);
      if (event === null) continue;
      if (event.type === "start") answering = event.message.id;
      ended = ended || event.type === "done" || event.type === "error";
      waiting.push(event);
      if (event.type === "delta") timer ??= setTimeout(draw, DRAW_MS);
      else draw();
    }
    if (!ended) throw new TypeError("The connection broke off.");
  } catch (error) {
    if (!controller.signal.aborted) problem = asProblem(error);
  } finally {
    draw();
    const written = answering;
    if (!ended && written !== null) write((messages) => stopAnswer(messages, written));
    controllers.delete(conversationId);
    setAnswer(conversationId, problem === null ? null : { request, problem });
    void queries.invalidateQueries({ queryKey: ["conversations"] });
    // Asking also shows how the endpoints are.
    void queries.invalidateQueries({ queryKey: endpointsQuery.queryKey });
    // The first question also gave the conversation its title.
    setTimeout(() => void queries.invalidateQueries({ queryKey }), ended ? 0 : SETTLE_MS);
  }
}
