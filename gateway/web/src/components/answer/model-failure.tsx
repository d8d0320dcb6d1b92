import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Problem } from "@/api/problem";
import { endpointsQuery } from "@/api/queries";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { reasons } from "@/endpoints/attempts";
import { whoIsMissing } from "@/endpoints/missing";
import { AttemptList } from "./attempt-list";

// What the person at the screen can mend by looking at the endpoints.
const OF_ENDPOINTS = ["all_failed", "no_endpoint", "unreachable", "endpoint_refused", "timed_out", "overloaded", "unavailable"];

interface ModelFailureProps {
  problem: Problem;
  onRetry?: () => void;
  /** Fields whose messages already stand at their controls. */
  shownFields?: readonly string[];
}

function Way({ to, children }: { to: "/models" | "/models/new"; children: ReactNode }) {
  return (
    <Link to={to} className="mt-1 inline-block font-medium text-accent underline underline-offset-4">
      {children}
    </Link>
  );
}

/** A question that no model answered: who was asked, why each could not, and what can be done. */
export function ModelFailure({ problem, onRetry, shownFields = [] }: ModelFailureProps) {
  const { data } = useQuery(endpointsQuery);
  const { status, title, fields, traceId, code, retryAt, attempts } = problem;
  const tried = reasons(attempts);
  const several = new Set(tried.map(({ endpoint }) => endpoint)).size > 1;
  const none = whoIsMissing(data?.items ?? []) === "everyone";
  // One attempt is what the words tell anyway, unless it was refused for want of a key, which can be given.
  const listed = several || tried.some(({ outcome }) => outcome === "endpoint_refused");
  const detail = several ? "No model could answer." : "";
  const shown = listed ? new Problem(status, title, { detail, fields, traceId, code, retryAt }) : problem;
  return (
    <ProblemNotice error={shown} shownFields={shownFields} {...(onRetry ? { onRetry } : {})}>
      {listed && <AttemptList reasons={tried} className="list-disc" />}
      {OF_ENDPOINTS.includes(code) &&
        (none ? (
          <Way to="/models/new">Register a model first</Way>
        ) : (
          <Way to="/models">See how your models are</Way>
        ))}
    </ProblemNotice>
  );
}
