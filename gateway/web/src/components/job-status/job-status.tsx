import type { JobStatus } from "@/api/types";
import { Badge, type Tone } from "@/components/badge/badge";

const TONES: Record<JobStatus, Tone> = {
  pending: "neutral",
  running: "accent",
  paused: "warning",
  completed: "success",
  failed: "danger",
  cancelled: "neutral",
};

const WORDS: Record<JobStatus, string> = {
  pending: "Queued",
  running: "Running",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
};

export function statusWord(status: JobStatus): string {
  return WORDS[status];
}

export function JobStatusBadge({ status }: { status: JobStatus }) {
  return (
    <Badge tone={TONES[status]}>
      <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      {WORDS[status]}
    </Badge>
  );
}
