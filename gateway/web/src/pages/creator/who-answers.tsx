import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { endpointsQuery, routingQuery } from "@/api/queries";
import { EndpointDot } from "@/components/endpoint-dot/endpoint-dot";
import { NoModel, useMissing } from "@/components/no-model/no-model";
import { latency, STANDING_WORDS, standing } from "@/endpoints/standing";
import { answering } from "./answering";

/** The model that will write, and how it is. */
export function WhoAnswers() {
  const endpoints = useQuery(endpointsQuery);
  const routing = useQuery(routingQuery);
  const missing = useMissing();
  if (missing !== null) return <NoModel />;
  const found = answering(endpoints.data?.items ?? [], routing.data);
  if (found === null) return null;
  const { endpoint, model, byRule } = found;
  const state = standing(endpoint);
  const time = latency(endpoint.health.latency_ms);
  const told = [model === endpoint.name ? "" : model, time, byRule ? "the rule for code" : ""];
  return (
    <p aria-label="Who writes" role="group" className="flex min-w-0 flex-wrap items-center gap-x-2 text-muted">
      <span>Will write:</span>
      <EndpointDot standing={state} />
      <span className="max-w-full truncate font-medium text-foreground">{endpoint.name}</span>
      <span className={state === "healthy" ? "sr-only" : ""}>{STANDING_WORDS[state]}</span>
      <span className="min-w-0 truncate">{told.filter(Boolean).join(" · ")}</span>
      <Link to={byRule ? "/settings/routing" : "/models"} className="text-accent underline underline-offset-3">
        Change
      </Link>
    </p>
  );
}
