import type { Problem } from "@/api/problem";
import type { CodeFramework, CodeSummary } from "@/api/types";
import { createValue } from "@/lib/value";

/** What is asked for, as far as it is filled in. */
export interface Brief {
  project_name: string;
  description: string;
  framework: string;
  target_type: string;
}

export const FIELDS = ["project_name", "description", "framework", "target_type"] as const;
const EMPTY: Brief = { project_name: "", description: "", framework: "react", target_type: "component" };

/** The form as it was left, and what was wrong with it when it was last sent. */
export const draft = createValue<{ brief: Brief; problem: Problem | null }>({ brief: EMPTY, problem: null });

export function changeBrief(part: Partial<Brief>): void {
  const { brief, problem } = draft.get();
  draft.set({ brief: { ...brief, ...part }, problem });
}

/** For the next project: the framework and the target stay. */
export function clearBrief(): void {
  draft.set({ brief: { ...draft.get().brief, project_name: "", description: "" }, problem: null });
}

/** Back into the form, with what is wrong with it. */
export function refuse(asked: Brief | CodeSummary, problem: Problem): void {
  const { project_name, description, framework, target_type } = asked;
  draft.set({ brief: { project_name, description, framework, target_type }, problem });
}

/** The same, for a framework and a target that there are. */
export function possible(brief: Brief, frameworks: readonly CodeFramework[]): Brief {
  const framework = frameworks.find(({ name }) => name === brief.framework) ?? frameworks[0];
  if (framework === undefined) return brief;
  const target = framework.targets.includes(brief.target_type) ? brief.target_type : (framework.targets[0] ?? "");
  return { ...brief, framework: framework.name, target_type: target };
}

const TARGETS: Record<string, string> = { api: "API" };

/** "api" → "API", "component" → "Component". */
export function targetLabel(target: string): string {
  return TARGETS[target] ?? target.charAt(0).toUpperCase() + target.slice(1);
}
