import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ellipsis, Gauge, Pencil, Trash2, TriangleAlert, X } from "lucide-react";
import { useId, useRef } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Endpoint } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { Button } from "@/components/button/button";
import { EndpointDot } from "@/components/endpoint-dot/endpoint-dot";
import { IconButton } from "@/components/icon-button/icon-button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/menu/menu";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Switch } from "@/components/switch/switch";
import { toast } from "@/components/toast/toast-store";
import { ownModel, STANDING_WORDS, standing, troubles } from "@/endpoints/standing";
import { useActivate } from "@/endpoints/use-activate";
import { EndpointFigures } from "./endpoint-figures";
import { kindName } from "./platforms";
import { TestResult } from "./test-result";

interface EndpointCardProps {
  endpoint: Endpoint;
  onEdit: () => void;
  onDelete: () => void;
}

function Power({ endpoint }: { endpoint: Endpoint }) {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (enabled: boolean) => api.changeEndpoint(endpoint.id, { enabled }),
    onError: (error) =>
      toast({ tone: "danger", title: `${endpoint.name} was not switched`, detail: asProblem(error).message }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["endpoints"] }),
  });
  return (
    <Switch
      label={`Use ${endpoint.name}`}
      checked={change.isPending ? change.variables : endpoint.enabled}
      disabled={change.isPending}
      onChange={(enabled) => change.mutate(enabled)}
    />
  );
}

/** One endpoint: how it is, what it did, and what can be done with it. */
export function EndpointCard({ endpoint, onEdit, onDelete }: EndpointCardProps) {
  const id = useId();
  const activate = useActivate();
  const card = useRef<HTMLElement>(null);
  const activation = useMutation({
    mutationFn: () => activate(endpoint),
    // Its button goes; the keyboard stays at the card.
    onSuccess: () => card.current?.focus(),
  });
  const test = useMutation({ mutationFn: () => api.testEndpoint(endpoint.id) });
  const { name, active } = endpoint;
  const own = endpoint.kind !== "embedded";
  const state = standing(endpoint);
  const wrong = troubles(endpoint, Date.now());
  const facts = [kindName(endpoint.kind), endpoint.base_url, ownModel(endpoint)].filter((fact) => fact !== "");
  return (
    <article
      ref={card}
      tabIndex={-1}
      aria-labelledby={id}
      data-endpoint={endpoint.id}
      data-standing={state}
      className="grid grid-cols-1 gap-4 rounded-2xl border bg-surface p-5 shadow-card outline-none"
    >
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            <span className="flex min-w-0 items-baseline gap-2.5">
              <EndpointDot standing={state} className="size-2.5" />
              <h2 id={id} className="min-w-0 text-base font-semibold wrap-anywhere">
                {name}
              </h2>
            </span>
            <span className="text-muted">{STANDING_WORDS[state]}</span>
            {active && <Badge tone="accent">Active</Badge>}
            {endpoint.tags.map((tag) => (
              <Badge key={tag} className="inline-block max-w-full truncate">
                {tag}
              </Badge>
            ))}
          </div>
          <p className="mt-1 flex flex-col text-muted sm:flex-row sm:flex-wrap">
            {facts.map((fact) => (
              <span
                key={fact}
                className="min-w-0 break-all before:mx-2 before:content-['·'] first:before:hidden max-sm:before:hidden"
              >
                {fact}
              </span>
            ))}
          </p>
        </div>
        <div className="flex items-center gap-2">
          {!active && (
            <Button
              size="sm"
              aria-label={`Make active: ${name}`}
              busy={activation.isPending}
              disabled={!endpoint.enabled}
              onClick={() => activation.mutate()}
            >
              Make active
            </Button>
          )}
          {own && (
            <>
              <Button size="sm" aria-label={`Test ${name}`} busy={test.isPending} onClick={() => test.mutate()}>
                Test
              </Button>
              <Power endpoint={endpoint} />
            </>
          )}
          <Menu>
            <MenuTrigger>
              <IconButton label={`More for ${name}`}>
                <Ellipsis />
              </IconButton>
            </MenuTrigger>
            <MenuContent>
              <MenuItem asChild>
                <Link to="/models/$endpointId" params={{ endpointId: endpoint.id }}>
                  <Gauge />
                  Measure its speed
                </Link>
              </MenuItem>
              {own && (
                <>
                  <MenuItem onSelect={onEdit}>
                    <Pencil />
                    Edit
                  </MenuItem>
                  <MenuItem onSelect={onDelete} className="text-danger">
                    <Trash2 />
                    Delete
                  </MenuItem>
                </>
              )}
            </MenuContent>
          </Menu>
        </div>
      </div>
      {wrong.length > 0 && (
        <div className={`flex gap-2 ${state === "offline" ? "text-danger" : "text-warning"}`}>
          <TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          <div className="min-w-0 wrap-anywhere">
            {wrong.map((words) => (
              <p key={words}>{words}</p>
            ))}
          </div>
        </div>
      )}
      <EndpointFigures endpoint={endpoint} />
      {!test.isPending && (test.data || test.error) && (
        <div className="flex items-start gap-1">
          <div className="min-w-0 grow">
            {test.error ? <ProblemNotice error={test.error} /> : test.data && <TestResult test={test.data} />}
          </div>
          <IconButton label="Dismiss the result" onClick={() => test.reset()}>
            <X />
          </IconButton>
        </div>
      )}
    </article>
  );
}
