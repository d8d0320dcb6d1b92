import { Link } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import type { Message } from "@/api/types";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";

// What the person at the screen can mend by looking at the endpoints.
const OF_ENDPOINTS = ["all_failed", "no_endpoint", "unreachable", "endpoint_refused", "timed_out"];

interface AnswerFailureProps {
  message: Message;
  onRetry?: () => void;
}

/** Why there is no answer, or not all of it, and what can be done; nothing where it did not fail. */
export function AnswerFailure({ message, onRetry }: AnswerFailureProps) {
  if (message.status !== "failed") return null;
  const title = message.content === "" ? "There is no answer" : "The answer broke off";
  return (
    <ProblemNotice
      error={new Problem(503, title, message.error?.message, [], message.error?.hint)}
      {...(onRetry ? { onRetry } : {})}
    >
      {OF_ENDPOINTS.includes(message.error?.code ?? "") && (
        <Link to="/models" className="mt-1 inline-block font-medium text-accent underline underline-offset-4">
          See how your models are
        </Link>
      )}
    </ProblemNotice>
  );
}
