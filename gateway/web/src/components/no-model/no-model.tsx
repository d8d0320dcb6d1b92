import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Unplug } from "lucide-react";
import { endpointsQuery, servicesQuery } from "@/api/queries";
import { Button } from "@/components/button/button";
import { type Missing, whoIsMissing } from "@/endpoints/missing";

const WORDS: Record<Missing, { title: string; words: string; to: "/models" | "/models/new"; action: string }> = {
  everyone: {
    title: "Register a model first",
    words: "Nobody is there to answer. Connect LM Studio, Ollama or vLLM on your own machine, or a model in the cloud.",
    to: "/models/new",
    action: "Add a model",
  },
  off: {
    title: "Your models are switched off",
    words: "Nobody is there to answer until you switch one on.",
    to: "/models",
    action: "See your models",
  },
  away: {
    title: "None of your models can be reached",
    words: "They are asked all the same: one of them may be back by then.",
    to: "/models",
    action: "See how they are",
  },
};

/** Why no model can answer, null while one can, and as long as nothing is heard of the service that knows them. */
export function useMissing(): Missing | null {
  const endpoints = useQuery(endpointsQuery);
  const services = useQuery(servicesQuery);
  const heard = services.data?.items.some(({ name }) => name === "chat") ?? false;
  return heard ? whoIsMissing(endpoints.data?.items ?? []) : null;
}

/** That no model can answer, and where that is mended; nothing as long as one can. */
export function NoModel() {
  const missing = useMissing();
  if (missing === null) return null;
  const { title, words, to, action } = WORDS[missing];
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl border border-warning/30 bg-warning-soft p-3"
    >
      <Unplug aria-hidden="true" className="size-4 shrink-0 text-warning" />
      <div className="min-w-0 grow basis-60">
        <p className="font-medium">{title}</p>
        <p className="text-pretty">{words}</p>
      </div>
      <Button asChild size="sm" look={missing === "everyone" ? "primary" : "secondary"}>
        <Link to={to}>{action}</Link>
      </Button>
    </div>
  );
}
