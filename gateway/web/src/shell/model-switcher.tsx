import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Cpu, Plus } from "lucide-react";
import { endpointsQuery } from "@/api/queries";
import type { Endpoint } from "@/api/types";
import { Button } from "@/components/button/button";
import { EndpointDot } from "@/components/endpoint-dot/endpoint-dot";
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuRadio,
  MenuRadioGroup,
  MenuSeparator,
  MenuTrigger,
} from "@/components/menu/menu";
import { latency, ownModel, STANDING_WORDS, standing } from "@/endpoints/standing";
import { useActivate } from "@/endpoints/use-activate";

function Choice({ endpoint }: { endpoint: Endpoint }) {
  const state = standing(endpoint);
  const model = ownModel(endpoint);
  return (
    <MenuRadio value={endpoint.id} disabled={!endpoint.enabled}>
      <EndpointDot standing={state} />
      <span className="grid min-w-0 grow">
        <span className="truncate font-medium">{endpoint.name}</span>
        {model !== "" && <span className="truncate text-xs text-muted">{model}</span>}
      </span>
      <span className="shrink-0 pl-3 text-xs text-muted tabular-nums">
        {state === "healthy" ? <span className="sr-only">Healthy </span> : `${STANDING_WORDS[state]} `}
        {latency(endpoint.health.latency_ms)}
      </span>
      <Check aria-hidden="true" className={endpoint.active ? "shrink-0 text-accent" : "invisible shrink-0"} />
    </MenuRadio>
  );
}

/** Which endpoint answers and how it is, in the top bar; another can be chosen at any time. */
export function ModelSwitcher() {
  const { data } = useQuery(endpointsQuery);
  const activate = useActivate();
  const endpoints = data?.items ?? [];
  const active = endpoints.find((endpoint) => endpoint.active);
  if (active === undefined) return null;
  const state = standing(active);
  const time = latency(active.health.latency_ms);
  const choose = (id: string) => {
    const chosen = endpoints.find((endpoint) => endpoint.id === id);
    if (chosen !== undefined && !chosen.active) void activate(chosen);
  };
  return (
    <Menu>
      <MenuTrigger>
        <Button look="ghost" size="sm" className="min-w-0 shrink">
          <span className="sr-only">Model:</span>
          <span className="max-w-40 truncate">{active.name}</span>
          <EndpointDot standing={state} />
          <span className="sr-only">{STANDING_WORDS[state].toLowerCase()}</span>
          {time !== "" && <span className="tabular-nums max-sm:hidden">{time}</span>}
        </Button>
      </MenuTrigger>
      <MenuContent className="w-80">
        <MenuRadioGroup aria-label="Which model answers" value={active.id} onValueChange={choose}>
          {endpoints.map((endpoint) => (
            <Choice key={endpoint.id} endpoint={endpoint} />
          ))}
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuItem asChild>
          <Link to="/models">
            <Cpu aria-hidden="true" />
            All models
          </Link>
        </MenuItem>
        <MenuItem asChild>
          <Link to="/models/new">
            <Plus aria-hidden="true" />
            Add a model
          </Link>
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
