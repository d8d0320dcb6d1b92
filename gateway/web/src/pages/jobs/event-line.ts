import type { JobEvent } from "@/jobs/events";
import { duration } from "@/lib/format";

/** A journal entry as one line of text. */
export function eventLine(event: JobEvent): string {
  switch (event.type) {
    case "queued":
      return event.position ? `Queued, ${event.position} ahead` : "Queued";
    case "started":
      return [
        `Started`,
        event.worker && `on ${event.worker}`,
        event.attempt && event.attempt > 1 && `(attempt ${event.attempt})`,
      ]
        .filter(Boolean)
        .join(" ");
    case "progress":
      return [
        `${Math.round(event.fraction * 100)} %`,
        event.stage,
        event.steps ? `step ${event.step ?? 0} of ${event.steps}` : "",
        event.message,
      ]
        .filter(Boolean)
        .join(" · ");
    case "preview":
      return `Preview of output ${(event.index ?? 0) + 1} at step ${event.step ?? 0}`;
    case "log":
      return event.text;
    case "metric":
      return Object.entries(event.values)
        .map(([name, value]) => `${name} ${Number(value.toPrecision(5))}`)
        .join(" · ");
    case "output":
      return `Stored output ${event.asset.index + 1}`;
    case "paused":
      return event.reason ? `Paused: ${event.reason}` : "Paused";
    case "completed":
      return event.duration_s ? `Completed in ${duration(event.duration_s)}` : "Completed";
    case "failed":
      return `Failed: ${event.error.message}`;
    case "cancelled":
      return event.reason ? `Cancelled: ${event.reason}` : "Cancelled";
  }
}
