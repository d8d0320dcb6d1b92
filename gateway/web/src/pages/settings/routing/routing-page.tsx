import { useQuery } from "@tanstack/react-query";
import { endpointsQuery, routingQuery } from "@/api/queries";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Skeleton } from "@/components/skeleton/skeleton";
import { SettingsHeader } from "../settings-header";
import { RoutingForm } from "./routing-form";

export default function RoutingPage() {
  const routing = useQuery(routingQuery);
  const endpoints = useQuery(endpointsQuery);
  const failed = [routing, endpoints].find((query) => query.isError && query.data === undefined);
  return (
    <div className="mx-auto grid w-full max-w-4xl grid-cols-1 gap-5 p-4 pb-0 md:p-6 md:pb-0">
      <SettingsHeader>Which of your endpoints answers what. It holds for Chat and for the API.</SettingsHeader>
      {failed && <ProblemNotice error={failed.error} onRetry={() => void failed.refetch()} />}
      {!failed && (routing.isPending || endpoints.isPending) && (
        <>
          <Skeleton className="h-32" />
          <Skeleton className="h-48" />
          <Skeleton className="h-80" />
        </>
      )}
      {routing.data && endpoints.data && <RoutingForm routing={routing.data} endpoints={endpoints.data.items} />}
    </div>
  );
}
