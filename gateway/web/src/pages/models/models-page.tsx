import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus, Unplug } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { endpointsQuery, routingQuery } from "@/api/queries";
import type { Endpoint } from "@/api/types";
import { Button } from "@/components/button/button";
import { Confirm } from "@/components/confirm/confirm";
import { EmptyState } from "@/components/empty-state/empty-state";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { RatedAnswers } from "@/datasets/rated-answers";
import { order } from "@/endpoints/standing";
import { ModelTabs } from "@/registry/model-tabs";
import { EditEndpoint } from "./edit-endpoint";
import { EndpointCard } from "./endpoint-card";

const route = getRouteApi("/models");
const LOOK_EVERY_MS = 4_000;

function Order({ endpoints }: { endpoints: readonly Endpoint[] }) {
  const { data } = useQuery(routingQuery);
  const turns = data ? order(data.active ?? "", data.fallback ?? [], endpoints) : [];
  if (turns.length < 2) return null;
  return (
    <p className="wrap-anywhere text-muted">
      <strong className="font-medium text-foreground">{turns[0]?.name}</strong> answers. When it cannot, the next one
      does: {turns.slice(1).map(({ name }) => name).join(", then ")}.{" "}
      <Link to="/settings/routing" className="text-accent underline-offset-2 hover:underline">
        Change the order
      </Link>
    </p>
  );
}

export default function ModelsPage() {
  const queries = useQueryClient();
  const query = useQuery({ ...endpointsQuery, refetchInterval: LOOK_EVERY_MS });
  const { edit } = route.useSearch();
  const navigate = route.useNavigate();
  const [deleting, setDeleting] = useState<Endpoint | null>(null);
  const endpoints = query.data?.items ?? [];
  const add = (
    <Button asChild look="primary">
      <Link to="/models/new">
        <Plus />
        Add a model
      </Link>
    </Button>
  );
  const remove = async (endpoint: Endpoint) => {
    await api.deleteEndpoint(endpoint.id);
    await queries.invalidateQueries({ queryKey: ["endpoints"] });
  };
  return (
    <div className="mx-auto grid w-full max-w-5xl grid-cols-1 gap-5 p-4 md:p-6">
      <PageHeader title="Models" actions={add}>
        The servers that answer your chats, and how each of them is.
      </PageHeader>
      <ModelTabs />
      {query.isPending && (
        <>
          <Skeleton className="h-40 rounded-2xl" />
          <Skeleton className="h-40 rounded-2xl" />
        </>
      )}
      {/* While the list cannot be asked for, what was known of it stays. */}
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {endpoints.length > 1 && <Order endpoints={endpoints} />}
      {endpoints.map((endpoint) => (
        <EndpointCard
          key={endpoint.id}
          endpoint={endpoint}
          onEdit={() => void navigate({ search: { edit: endpoint.id } })}
          onDelete={() => setDeleting(endpoint)}
        />
      ))}
      <RatedAnswers />
      {endpoints.length === 1 && (
        <EmptyState icon={Unplug} title="Bring your own model" action={add}>
          So far the built-in model answers alone. Connect LM Studio, Ollama or vLLM on your own machine, or a model in
          the cloud: it takes a minute, and you can switch between them at any time.
        </EmptyState>
      )}
      <EditEndpoint
        endpoint={endpoints.find((endpoint) => endpoint.id === edit && endpoint.kind !== "embedded") ?? null}
        onClose={() => void navigate({ search: {}, replace: true })}
      />
      <Confirm
        open={deleting !== null}
        onOpenChange={(open) => !open && setDeleting(null)}
        title={`Delete ${deleting?.name ?? ""}?`}
        description="Atelier forgets its address and key. The server itself, its models and your conversations stay."
        action="Delete"
        onConfirm={async () => {
          if (deleting !== null) await remove(deleting);
        }}
      />
    </div>
  );
}
