import { useEffect, useState } from "react";
import { send } from "@/api/http";
import { frames } from "@/api/sse";
import { type JobEvent, parseJobEvent } from "@/jobs/events";

/** A job's journal from its beginning, and on while it is under way; the gateway ends the stream after the last entry. */
export function useJobEvents(id: string | null): { events: readonly JobEvent[]; loading: boolean } {
  const [events, setEvents] = useState<readonly JobEvent[]>([]);
  const [loading, setLoading] = useState(false);
  useEffect(() => {
    setEvents([]);
    if (id === null) return;
    const controller = new AbortController();
    setLoading(true);
    const read = async () => {
      const response = await send(`/api/jobs/${encodeURIComponent(id)}/events`, {
        signal: controller.signal,
        headers: { Accept: "text/event-stream" },
      });
      if (response.body === null) return;
      for await (const frame of frames(response.body)) {
        const event = parseJobEvent(frame.data);
        if (event !== null) setEvents((seen) => [...seen, event]);
        setLoading(false);
      }
    };
    read()
      // The drawer shows the job itself and its problems; the journal is an extra that may be gone by age.
      .catch(() => undefined)
      .finally(() => {
        if (!controller.signal.aborted) setLoading(false);
      });
    return () => controller.abort();
  }, [id]);
  return { events, loading };
}
