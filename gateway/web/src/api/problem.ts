export interface FieldProblem {
  field: string;
  message: string;
}

interface ProblemBody {
  title?: unknown;
  detail?: unknown;
  hint?: unknown;
  trace_id?: unknown;
  errors?: unknown;
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

/** A failed request as RFC 9457 describes it; status 0 means that no answer came at all. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string = "",
    readonly fields: readonly FieldProblem[] = [],
    readonly hint: string = "",
    readonly traceId: string = "",
    readonly retryAfterS: number | null = null,
  ) {
    super(detail || title);
  }

  /** True if the same request may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
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
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const retryAfterS = Number.isFinite(seconds) ? seconds : null;
  if (typeof body !== "object" || body === null) {
    return new Problem(status, title || `The request failed (${status})`, "", [], "", "", retryAfterS);
  }
  const problem = body as ProblemBody;
  const inner =
    typeof problem.error === "object" && problem.error !== null ? (problem.error as { message?: unknown }) : {};
  return new Problem(
    status,
    // The wording above says more than the bare HTTP phrases servers put here.
    title || text(problem.title),
    text(problem.detail) || text(inner.message),
    fieldProblems(problem.errors),
    text(problem.hint),
    text(problem.trace_id),
    retryAfterS,
  );
}

/** Any thrown thing as a problem, so that every error view has one shape to show. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) {
    return new Problem(0, TITLES[0] ?? "", "Check that Atelier is running, then try again.");
  }
  return new Problem(500, "Something went wrong", error instanceof Error ? error.message : String(error));
}
