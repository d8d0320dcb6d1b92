import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { api } from "@/api/client";
import { token } from "@/api/token";
import { toast } from "@/components/toast/toast-store";
import { kindLabel } from "@/lib/format";
import { connectJobs } from "./connection";
import { connectionState } from "./connection-state";
import { studioPage } from "@/studio/pages";
import { BENCHMARK, IMPORT, isTerminal, type JobEvent } from "./events";
import { jobStore } from "./store";
import { jobTitle } from "./title";

/** Whether the page at this address shows how a job of this kind ends. */
function watches(path: string, kind: string): boolean {
  if (kind === BENCHMARK) return path === "/jobs" || path.startsWith("/models/");
  if (kind === IMPORT) return path === "/jobs" || path === "/models/images";
  return path === "/jobs" || path === studioPage(kind);
}

/** Holds the page's one live connection, refreshes lists that its events make stale, and announces how jobs end. */
export function LiveJobs() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();
  const owner = token.use();

  // `owner` is among the dependencies because another token is another owner, whose jobs are others.
  useEffect(() => {
    const announce = async (event: JobEvent) => {
      const open = () => void navigate({ to: "/jobs", search: { job: event.job_id } });
      // Who watches the job end need not be told.
      const watched = !document.hidden && watches(router.state.location.pathname, event.kind);
      if (event.type === "completed" && !watched) {
        const known = jobStore.newest.jobs[event.job_id];
        // Events do not carry what was asked for, and a short job ends before it was looked up.
        const job = known?.loaded ? known : await api.job(event.job_id).catch(() => null);
        const detail = job === null ? kindLabel(event.kind) : jobTitle(job);
        toast({
          tone: "success",
          title: `${kindLabel(event.kind)} is done`,
          detail,
          action: { label: "View", run: open },
        });
      } else if (event.type === "failed") {
        const { message, hint } = event.error;
        const words = [message, hint].filter(Boolean).join(" ");
        toast({
          tone: "danger",
          title: `${kindLabel(event.kind)} failed`,
          detail: words,
          action: { label: "View", run: open },
        });
      }
    };
    const stop = connectJobs({
      onState: (state) => connectionState.set(state),
      onNews: (event) => {
        void announce(event);
        if (event.type === "output") void queries.invalidateQueries({ queryKey: ["assets"] });
        if (event.type === "queued" || isTerminal(event.type)) {
          void queries.invalidateQueries({ queryKey: ["jobs"] });
          void queries.invalidateQueries({ queryKey: ["job", event.job_id] });
          if (event.kind === IMPORT) {
            void queries.invalidateQueries({ queryKey: ["models"] });
            void queries.invalidateQueries({ queryKey: ["generate-options"] });
          }
        }
      },
    });
    return () => {
      stop();
      jobStore.clear();
    };
  }, [queries, navigate, router, owner]);

  return null;
}
