import type { Job } from "@/api/types";
import { kindLabel, named } from "@/lib/format";

/** What a person would call a job: its prompt where it has one, else what it does. */
export function jobTitle(job: Pick<Job, "kind" | "params">): string {
  const prompt = job.params.prompt;
  return named(typeof prompt === "string" ? prompt : "", kindLabel(job.kind));
}
