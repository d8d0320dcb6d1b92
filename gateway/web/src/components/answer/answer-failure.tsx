import { keptProblem } from "@/api/problem";
import type { Message } from "@/api/types";
import { ModelFailure } from "./model-failure";

interface AnswerFailureProps {
  message: Message;
  onRetry?: () => void;
}

/** Why there is no answer, or not all of it, and what can be done; nothing where it did not fail. */
export function AnswerFailure({ message, onRetry }: AnswerFailureProps) {
  if (message.status !== "failed") return null;
  const title = message.content === "" ? "There is no answer" : "The answer broke off";
  return <ModelFailure problem={keptProblem(title, message.error)} {...(onRetry ? { onRetry } : {})} />;
}
