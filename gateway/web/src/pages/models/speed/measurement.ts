import type { Job } from "@/api/types";

/** What was measured with so many requests at once; times in ms. */
export interface Level {
  concurrency: number;
  requests: number;
  failed: number;
  firstTokenMs: number;
  /** 95 of 100 answers began within this. */
  firstTokenP95Ms: number;
  /** To the end of an answer. */
  answerMs: number;
  /** By all answers together. */
  tokensPerS: number;
  /** The endpoint did not say how many tokens it wrote. */
  estimated: boolean;
}

/** A measurement that came to its end. */
export interface Measurement {
  id: string;
  time: string;
  model: string;
  /** Length of each answer that was asked for. */
  tokens: number;
  levels: Level[];
}

type Given = Record<string, unknown>;

const number = (given: Given, name: string): number => (typeof given[name] === "number" ? given[name] : 0);

/** What a job has measured; null unless it is completed. */
export function measurementOf(job: Pick<Job, "id" | "status" | "result" | "params" | "created_at" | "finished_at">): Measurement | null {
  if (job.status !== "completed" || job.result === null) return null;
  const { model, levels } = job.result;
  return {
    id: job.id,
    time: job.finished_at ?? job.created_at,
    model: typeof model === "string" ? model : "",
    tokens: number(job.params, "tokens"),
    levels: (Array.isArray(levels) ? (levels as Given[]) : []).map((level) => ({
      concurrency: number(level, "concurrency"),
      requests: number(level, "requests"),
      failed: number(level, "failed"),
      firstTokenMs: number(level, "first_token_p50_ms"),
      firstTokenP95Ms: number(level, "first_token_p95_ms"),
      answerMs: number(level, "latency_p50_ms"),
      tokensPerS: number(level, "tokens_per_s"),
      estimated: level.estimated === true,
    })),
  };
}

/** The measurement before each one, by id: the next older one in a list that has the newest first. */
export function befores(newestFirst: readonly Measurement[]): ReadonlyMap<string, Measurement> {
  return new Map(newestFirst.slice(1).map((before, index) => [newestFirst[index]?.id ?? "", before]));
}

/** The same level of another measurement, if the two can be compared: same model, same length of answers. */
export function counterpart(level: Level, now: Measurement, before: Measurement | undefined): Level | undefined {
  if (before === undefined || before.model !== now.model || before.tokens !== now.tokens) return undefined;
  return before.levels.find(({ concurrency, tokensPerS }) => concurrency === level.concurrency && tokensPerS > 0);
}

/** How a value differs from the one before. */
export interface Difference {
  words: string;
  better: boolean | null;
}

/** "12 % faster", "3.1 × as fast"; `best` says whether more or less is better. Null where one of the two is missing. */
export function difference(now: number, before: number, best: "more" | "less"): Difference | null {
  if (now <= 0 || before <= 0) return null;
  const times = best === "more" ? now / before : before / now;
  if (times >= 2) return { words: `${times.toFixed(times < 10 ? 1 : 0)} × as fast`, better: true };
  const percent = Math.round((Math.abs(now - before) / before) * 100);
  if (percent === 0) return { words: "as before", better: null };
  return { words: `${percent} % ${times > 1 ? "faster" : "slower"}`, better: times > 1 };
}

/** "812", "45.1", "0.42": as many digits as mean something. */
export function rate(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value >= 1 ? value.toFixed(1) : value.toFixed(2);
}

/** Answers that a measurement of one, four and sixteen at once asks for, with the one that warms up. */
export const ANSWERS = 1 + 3 + 4 + 16;
export const ANSWER_TOKENS = 64;
