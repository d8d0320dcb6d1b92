import type { Attempt, MessageError } from "./types";

export interface FieldProblem {
  field: string;
  message: string;
}

interface ProblemBody {
  title?: unknown;
  detail?: unknown;
  hint?: unknown;
  trace_id?: unknown;
  code?: unknown;
  errors?: unknown;
  attempts?: unknown;
  retry_after_s?: unknown;
  error?: unknown;
}

const TITLES: Record<number, string> = {
  0: "The gateway cannot be reached",
  401: "A token is needed",
  403: "Not allowed",
  404: "Not found",
  409: "Not possible right now",
  413: "Too large",
  422: "Some settings need a correction",
  429: "Too many requests",
  500: "Something broke on the server",
  502: "The gateway is not answering",
  503: "Not ready yet",
  504: "It took too long",
};

interface Facts {
  detail: string;
  hint: string;
  fields: readonly FieldProblem[];
  traceId: string;
  /** A stable word for the kind of problem. */
  code: string;
  /** From then on it makes sense to try again, in milliseconds since the epoch; null = nobody said. */
  retryAt: number | null;
  /** Endpoints that were asked, and why each could not. */
  attempts: readonly Attempt[];
}

/** A failed request as RFC 9457 describes it; status 0 means that no answer came at all. */
export class Problem extends Error {
  override readonly name = "Problem";

  readonly detail: string;
  readonly hint: string;
  readonly fields: readonly FieldProblem[];
  readonly traceId: string;
  readonly code: string;
  readonly retryAt: number | null;
  readonly attempts: readonly Attempt[];

  constructor(
    readonly status: number,
    readonly title: string,
    facts: Partial<Facts> = {},
  ) {
    super(facts.detail || title);
    this.detail = facts.detail ?? "";
    this.hint = facts.hint ?? "";
    this.fields = facts.fields ?? [];
    this.traceId = facts.traceId ?? "";
    this.code = facts.code ?? "";
    this.retryAt = facts.retryAt ?? null;
    this.attempts = facts.attempts ?? [];
  }

  /** True if the same request may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }

  /** True if everything that is wrong stands at one of these fields. */
  isOnlyAt(fields: readonly string[]): boolean {
    return this.fields.length > 0 && this.fields.every(({ field }) => fields.includes(field.replace(/^body\./, "")));
  }

  /** What is wrong with one field, or undefined. The prefix `body.` some validators add is not significant. */
  field(name: string): string | undefined {
    return this.fields.find((entry) => entry.field === name || entry.field === `body.${name}`)?.message;
  }
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function fieldProblems(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: { field?: unknown; message?: unknown }) =>
    typeof entry?.message === "string" ? [{ field: text(entry.field), message: entry.message }] : [],
  );
}

/** Read a problem out of an answer's body: problem+json, OpenAI's error shape, or anything else. */
export function problemFrom(status: number, body: unknown, retryAfter: string | null = null): Problem {
  const title = TITLES[status] ?? (status >= 500 ? (TITLES[500] ?? "") : "");
  const problem: ProblemBody = typeof body === "object" && body !== null ? body : {};
  const inner =
    typeof problem.error === "object" && problem.error !== null ? (problem.error as { message?: unknown }) : {};
  const seconds = Number(retryAfter ?? problem.retry_after_s ?? Number.NaN);
  // The wording above says more than the bare HTTP phrases servers put here.
  return new Problem(status, title || text(problem.title) || `The request failed (${status})`, {
    detail: text(problem.detail) || text(inner.message),
    hint: text(problem.hint),
    fields: fieldProblems(problem.errors),
    traceId: text(problem.trace_id),
    code: text(problem.code),
    retryAt: Number.isFinite(seconds) ? Date.now() + seconds * 1000 : null,
    attempts: Array.isArray(problem.attempts) ? problem.attempts : [],
  });
}

/** Any thrown thing as a problem, so that every error view has one shape to show. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) {
    return new Problem(0, TITLES[0] ?? "", { detail: "Check that Atelier is running, then try again." });
  }
  return new Problem(500, "Something went wrong", { detail: error instanceof Error ? error.message : String(error) });
}

/** A failure as it is kept with an answer; the title says what of the answer is missing. */
export function keptProblem(title: string, error: MessageError | null): Problem {
  const { message = "", hint = "", code = "", retry_at = null, attempts = [] } = error ?? {};
  return new Problem(503, title, {
    detail: message,
    hint,
    code,
    retryAt: retry_at === null ? null : Date.parse(retry_at),
    attempts,
  });
}
