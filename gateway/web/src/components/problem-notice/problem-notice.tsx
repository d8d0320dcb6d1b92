import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/button/button";
import { cn } from "@/lib/cn";

interface ProblemNoticeProps {
  error: unknown;
  onRetry?: () => void;
  className?: string;
  /** Fields whose messages already stand at their controls. */
  shownFields?: readonly string[];
  /** Below the words: where to go from here. */
  children?: ReactNode;
}

/** A failed request, in words a person can act on. */
export function ProblemNotice({ error, onRetry, className, shownFields = [], children }: ProblemNoticeProps) {
  const problem = asProblem(error);
  const fields = problem.fields.filter((entry) => !shownFields.includes(entry.field.replace(/^body\./, "")));
  return (
    <div
      role="alert"
      className={cn("flex gap-3 rounded-xl border border-danger/30 bg-danger-soft p-3 text-sm", className)}
    >
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-danger" />
      <div className="min-w-0 grow">
        <p className="font-medium">{problem.title}</p>
        {problem.detail && <p className="break-words">{problem.detail}</p>}
        {problem.hint && <p className="mt-1">{problem.hint}</p>}
        {fields.length > 0 && (
          <ul className="mt-1 list-disc pl-4">
            {fields.map((entry) => (
              <li key={`${entry.field} ${entry.message}`}>
                {entry.field && <code className="font-mono text-xs">{entry.field}</code>} {entry.message}
              </li>
            ))}
          </ul>
        )}
        {problem.retryAfterS !== null && <p className="mt-1">Try again in {problem.retryAfterS} s.</p>}
        {problem.traceId && <p className="mt-1 font-mono text-xs break-all opacity-80">trace {problem.traceId}</p>}
        {children}
      </div>
      {onRetry && problem.status !== 404 && (
        <Button size="sm" onClick={onRetry}>
          <RotateCw />
          Retry
        </Button>
      )}
    </div>
  );
}
