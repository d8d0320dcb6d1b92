import { CircleAlert, RotateCw } from "lucide-react";
import { type ReactNode, useState } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/button/button";
import { cn } from "@/lib/cn";
import { useSecondsLeft } from "@/lib/use-seconds-left";

interface ProblemNoticeProps {
  error: unknown;
  onRetry?: () => void;
  className?: string;
  /** Fields whose messages already stand at their controls. */
  shownFields?: readonly string[];
  /** Below the words: where to go from here. */
  children?: ReactNode;
}

/** When it makes sense to try again: counting down, then that it does. Nothing where that was over before. */
function RetryTime({ left }: { left: number }) {
  const [first] = useState(left);
  if (first === 0) return null;
  return (
    <p className="mt-1">
      {left === 0 ? (
        "You can try again now."
      ) : (
        <>
          {/* Every change within an alert is read out, so the ticking is for the eye alone. */}
          <span aria-hidden="true" className="tabular-nums">
            Try again in {left} s.
          </span>
          <span className="sr-only">Try again in {first} seconds.</span>
        </>
      )}
    </p>
  );
}

/** A failed request, in words a person can act on. */
export function ProblemNotice({ error, onRetry, className, shownFields = [], children }: ProblemNoticeProps) {
  const problem = asProblem(error);
  const left = useSecondsLeft(problem.retryAt);
  const fields = problem.fields.filter((entry) => !shownFields.includes(entry.field.replace(/^body\./, "")));
  // The hint of a rate limit is the time to wait, which passes below.
  const hint = problem.code === "rate_limited" ? "" : problem.hint;
  return (
    <div
      role="alert"
      className={cn("flex gap-3 rounded-xl border border-danger/30 bg-danger-soft p-3 text-sm", className)}
    >
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-danger" />
      <div className="min-w-0 grow">
        <p className="font-medium">{problem.title}</p>
        {problem.detail && <p className="break-words">{problem.detail}</p>}
        {hint && <p className="mt-1">{hint}</p>}
        {fields.length > 0 && (
          <ul className="mt-1 list-disc pl-4">
            {fields.map((entry) => (
              <li key={`${entry.field} ${entry.message}`}>
                {entry.field && <code className="font-mono text-xs">{entry.field}</code>} {entry.message}
              </li>
            ))}
          </ul>
        )}
        {problem.retryAt !== null && <RetryTime key={problem.retryAt} left={left} />}
        {problem.traceId && <p className="mt-1 font-mono text-xs break-all opacity-80">trace {problem.traceId}</p>}
        {children}
      </div>
      {onRetry && problem.status !== 404 && (
        <Button size="sm" disabled={left > 0} onClick={onRetry}>
          <RotateCw />
          Retry
        </Button>
      )}
    </div>
  );
}
