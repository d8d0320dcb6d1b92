import type { QueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { asProblem, Problem } from "@/api/problem";
import { codeProjectQuery, endpointsQuery } from "@/api/queries";
import { frames } from "@/api/sse";
import type { Code, CodeFile, CodeRefine, CodeRequest, CodeSummary } from "@/api/types";
import { createValue } from "@/lib/value";
import { applyCodeEvent, breakOff, type CodeEvent, parseCodeEvent, type WrittenFile } from "./code-events";

/** A version being written, or one that did not come to its end. */
export interface Writing {
  project: CodeSummary;
  /** What was asked of a project that was there before. */
  request: CodeRefine;
  /** What it starts from. */
  before: readonly CodeFile[];
  files: readonly WrittenFile[];
  active: boolean;
  /** Why it broke off or could not begin; null while it is being written. */
  problem: Problem | null;
}

// Deltas are drawn together: a fast model sends more of them than a screen can show.
const DRAW_MS = 40;
// The gateway keeps what a stopped version came to a moment after it noticed that nobody listens.
const SETTLE_MS = 500;
const SETTLES = 12;

/** The versions under way, by project. They outlive the page: one may look at something else meanwhile. */
export const writings = createValue<Readonly<Record<string, Writing>>>({});
const controllers = new Map<string, AbortController>();

function change(projectId: string, part: Partial<Writing> | null): void {
  const { [projectId]: known, ...others } = writings.get();
  if (part === null) writings.set(others);
  else if (known !== undefined) writings.set({ ...others, [projectId]: { ...known, ...part } });
}

/** Break off the version being written; what was written stays. */
export function stopWriting(projectId: string): void {
  controllers.get(projectId)?.abort();
}

export function dismissWriting(projectId: string): void {
  if (!controllers.has(projectId)) change(projectId, null);
}

/**
 * Have a new project written. Resolves with it once it is there, while its files are still being written; rejects with a
 * `Problem` where it could not begin, or with an `AbortError` where it was broken off before.
 */
export function beginProject(
  queries: QueryClient,
  request: CodeRequest,
  controller: AbortController,
): Promise<CodeSummary> {
  return new Promise((resolve, reject) => {
    const begin = async () => {
      const response = await api.generateCode(request, controller.signal);
      let project: CodeSummary | null = null;
      const started = (told: CodeSummary) => {
        project = told;
        controllers.set(told.id, controller);
        const begun = { project: told, request: {}, before: [], files: [], active: true, problem: null };
        writings.set({ ...writings.get(), [told.id]: begun });
        resolve(told);
      };
      await follow(queries, response, controller, 0, () => project, started);
    };
    begin().catch(reject);
  });
}

/** Have a new version of a project written. Never rejects: problems become state. */
export async function refine(queries: QueryClient, code: Code, request: CodeRefine): Promise<void> {
  if (controllers.has(code.id)) return;
  const controller = new AbortController();
  controllers.set(code.id, controller);
  const before = request.instruction ? code.files : [];
  writings.set({ ...writings.get(), [code.id]: { project: code, request, before, files: [], active: true, problem: null } });
  const newest = code.versions.at(-1)?.number ?? 0;
  try {
    const response = await api.refineCode(code.id, request, controller.signal);
    await follow(queries, response, controller, newest, () => code, () => undefined);
  } catch (error) {
    controllers.delete(code.id);
    change(code.id, controller.signal.aborted ? null : { active: false, problem: asProblem(error) });
    void queries.invalidateQueries({ queryKey: ["code", code.id] });
  }
}

/** Read a stream to its end; rejects only if it told of no project. */
async function follow(
  queries: QueryClient,
  response: Response,
  controller: AbortController,
  newest: number,
  project: () => CodeSummary | null,
  onProject: (project: CodeSummary) => void,
): Promise<void> {
  let done: Code | null = null;
  let problem: Problem | null = null;
  let waiting: CodeEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    clearTimeout(timer);
    timer = undefined;
    const id = project()?.id ?? "";
    const known = writings.get()[id];
    if (known !== undefined && waiting.length > 0) change(id, { files: waiting.reduce(applyCodeEvent, known.files) });
    waiting = [];
  };
  try {
    if (response.body === null) throw new TypeError("The answer has no body.");
    for await (const frame of frames(response.body)) {
      const event = parseCodeEvent(frame);
      if (event === null) continue;
      if (event.type === "project") onProject(event.project);
      else if (event.type === "done") done = event.code;
      else if (event.type === "error") problem = event.problem;
      else {
        waiting.push(event);
        timer ??= setTimeout(draw, DRAW_MS);
      }
    }
    if (done === null && problem === null) throw new TypeError("The connection broke off.");
  } catch (error) {
    if (project() === null) throw error;
    if (!controller.signal.aborted && done === null) problem = asProblem(error);
  } finally {
    draw();
  }
  const id = project()?.id;
  if (id === undefined) throw problem;
  await settle(queries, id, newest, done, problem);
}

/** Take over what the gateway kept. */
async function settle(
  queries: QueryClient,
  id: string,
  newest: number,
  done: Code | null,
  problem: Problem | null,
): Promise<void> {
  const { queryKey } = codeProjectQuery(id, null);
  await queries.cancelQueries({ queryKey });
  if (done !== null) {
    queries.setQueryData(queryKey, done);
  } else {
    change(id, { files: breakOff(writings.get()[id]?.files ?? []), active: false, problem });
    for (let tries = 0; tries < SETTLES; tries += 1) {
      const kept = await api.codeProject(id, null).catch((error: unknown) => asProblem(error));
      if (kept instanceof Problem) {
        // It was deleted meanwhile, or never kept because it was asked for wrongly.
        if (kept.status === 404) break;
      } else {
        queries.setQueryData(queryKey, kept);
        if ((kept.versions.at(-1)?.number ?? 0) > newest || (problem !== null && problem.fields.length > 0)) break;
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
  }
  controllers.delete(id);
  change(id, problem === null ? null : { active: false, problem });
  void queries.invalidateQueries({ queryKey: ["code-projects"] });
  // Asking also shows how the endpoints are.
  void queries.invalidateQueries({ queryKey: endpointsQuery.queryKey });
}
