import type { QueryClient } from "@tanstack/react-query";
import { applyChatEvent, type ChatEvent, parseChatEvent, stopAnswer } from "@/api/chat-events";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { endpointsQuery } from "@/api/queries";
import { frames } from "@/api/sse";
import type { Comparison as Request, Conversation, Message } from "@/api/types";
import { createValue } from "@/lib/value";
import type { Contender } from "./choices";

/** One question and what several models make of it. */
export interface Comparison {
  question: string;
  /** Who was asked, in the order of the answers. */
  asked: readonly Contender[];
  /** Where it is kept; null until it is. */
  conversationId: string | null;
  answers: readonly Message[];
  under: boolean;
  /** Why nothing could begin, or all of it broke off. */
  problem: Problem | null;
}

// Deltas are drawn together: several fast models send more of them than a screen can show.
const DRAW_MS = 50;

/** The last comparison. It outlives the page: one may look at something else meanwhile. */
export const comparison = createValue<Comparison | null>(null);
let controller: AbortController | null = null;

/** Break off every answer; what was written stays. */
export function stopComparing(): void {
  controller?.abort();
}

/** The answers after some events; the question is no answer. Pure. */
export function play(answers: readonly Message[], events: readonly ChatEvent[]): Message[] {
  return events
    .filter((event) => event.type !== "user")
    .reduce<Message[]>((now, event) => applyChatEvent(now, event), [...answers]);
}

function change(part: (now: Comparison) => Partial<Comparison>): void {
  const now = comparison.get();
  if (now !== null) comparison.set({ ...now, ...part(now) });
}

/** Ask several models at once. Never rejects: problems become state. */
export async function compare(queries: QueryClient, asked: readonly Contender[], request: Request): Promise<void> {
  if (controller !== null) return;
  const mine = new AbortController();
  controller = mine;
  comparison.set({
    question: request.content,
    asked,
    conversationId: null,
    answers: [],
    under: true,
    problem: null,
  });
  let waiting: ChatEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    clearTimeout(timer);
    timer = undefined;
    const events = waiting;
    waiting = [];
    if (events.length > 0) change(({ answers }) => ({ answers: play(answers, events) }));
  };
  const left = () => comparison.get()?.answers.some((message) => message.status === "streaming") ?? false;
  let problem: Problem | null = null;
  try {
    const response = await api.compare(request, mine.signal);
    if (response.body === null) throw new TypeError("The answer has no body.");
    for await (const frame of frames(response.body)) {
      if (frame.event === "conversation") {
        const { id } = JSON.parse(frame.data) as Conversation;
        change(() => ({ conversationId: id }));
      }
      const event = parseChatEvent(frame);
      if (event === null) continue;
      waiting.push(event);
      if (event.type === "delta") timer ??= setTimeout(draw, DRAW_MS);
      else draw();
    }
    draw();
    if (left()) throw new TypeError("The connection broke off.");
  } catch (error) {
    if (!mine.signal.aborted) problem = asProblem(error);
  } finally {
    draw();
    change(({ answers }) => ({
      answers: answers.reduce<Message[]>((now, message) => stopAnswer(now, message.id), [...answers]),
      under: false,
      problem,
    }));
    controller = null;
    void queries.invalidateQueries({ queryKey: ["conversations"] });
    // Asking also shows how the endpoints are.
    void queries.invalidateQueries({ queryKey: endpointsQuery.queryKey });
  }
}

/** Put an answer, rated for example, in its place. */
export function replaceAnswer(message: Message): void {
  change(({ answers }) => ({ answers: answers.map((one) => (one.id === message.id ? message : one)) }));
}
