import { CircleHelp } from "lucide-react";
import { keptProblem } from "@/api/problem";
import type { Code } from "@/api/types";
import { FallbackNote } from "@/components/answer/fallback-note";
import { ModelFailure } from "@/components/answer/model-failure";
import { latency } from "@/endpoints/standing";

/** "My Gemma (gemma-2-2b-it)". */
function writer({ endpoint, model_used }: Pick<Code, "endpoint" | "model_used">): string {
  if (endpoint === "" || endpoint === model_used) return model_used;
  return model_used === "" ? endpoint : `${endpoint} (${model_used})`;
}

/** What came of a version, and who wrote it. */
export function Outcome({ code, onRetry }: { code: Code; onRetry: () => void }) {
  const time = latency(code.latency_ms);
  const by = writer(code);
  if (code.status === "failed") {
    return <ModelFailure problem={keptProblem("It could not be written", code.error)} onRetry={onRetry} />;
  }
  if (code.status === "unusable") {
    return (
      <div role="alert" className="flex gap-3 rounded-xl border border-warning/30 bg-warning-soft p-3">
        <CircleHelp aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />
        <div className="min-w-0">
          <p className="font-medium">The answer cannot be used</p>
          <p>
            {code.reason} {by} wrote what is below{time && `, in ${time}`}. Write it anew, say more in the description, or
            let a larger model answer.
          </p>
        </div>
      </div>
    );
  }
  return (
    <div role="status" className="grid grid-cols-1 gap-1">
      {code.status === "complete" && (
        <p className="wrap-anywhere">
          Generated with <span className="font-medium">{by}</span>
          {time && ` in ${time}`}
        </p>
      )}
      {code.status === "stopped" && (
        <p>
          Stopped{time && ` after ${time}`}.{" "}
          {code.files.length > 0 ? "What was written until then is kept." : "Nothing was written until then."}
        </p>
      )}
      <FallbackNote endpoint={code.endpoint} attempts={code.attempts} />
    </div>
  );
}
