import { Link } from "@tanstack/react-router";
import { CircleHelp } from "lucide-react";
import { Problem } from "@/api/problem";
import type { Code } from "@/api/types";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { fallbackOf } from "@/endpoints/attempts";
import { latency } from "@/endpoints/standing";

/** "My Gemma (gemma-2-2b-it)". */
function writer({ endpoint, model_used }: Pick<Code, "endpoint" | "model_used">): string {
  if (endpoint === "" || endpoint === model_used) return model_used;
  return model_used === "" ? endpoint : `${endpoint} (${model_used})`;
}

function Instead({ code }: { code: Code }) {
  const fallback = fallbackOf(code.endpoint, code.attempts);
  if (fallback === null) return null;
  return (
    <details className="text-muted">
      <summary className="cursor-pointer">
        {code.endpoint} answered in place of {fallback.instead.join(", ")}
      </summary>
      <ul className="mt-1 grid gap-0.5 pl-4">
        {fallback.reasons.map(({ endpoint, words }, place) => (
          <li key={place} className="wrap-anywhere">
            <span className="font-medium">{endpoint}</span> {words}
          </li>
        ))}
      </ul>
    </details>
  );
}

interface FailureProps {
  problem: Problem;
  onRetry: () => void;
  shownFields?: readonly string[];
}

export function Failure({ problem, onRetry, shownFields = [] }: FailureProps) {
  return (
    <ProblemNotice error={problem} onRetry={onRetry} shownFields={shownFields}>
      <Link to="/models" className="mt-1 inline-block text-accent underline underline-offset-3">
        See the models
      </Link>
    </ProblemNotice>
  );
}

/** What came of a version, and who wrote it. */
export function Outcome({ code, onRetry }: { code: Code; onRetry: () => void }) {
  const time = latency(code.latency_ms);
  const by = writer(code);
  if (code.status === "failed") {
    const { message = "", hint = "" } = code.error ?? {};
    return <Failure problem={new Problem(500, "It could not be written", message, [], hint)} onRetry={onRetry} />;
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
      <Instead code={code} />
    </div>
  );
}
