import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { endpointsQuery, generateOptionsQuery, servicesQuery } from "@/api/queries";
import { Button } from "@/components/button/button";
import { Popover, PopoverClose } from "@/components/popover/popover";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { expectedHealth, type Health, overallHealth } from "@/components/service-list/health";
import { ServiceList } from "@/components/service-list/service-list";
import { ownModel } from "@/endpoints/standing";
import { cn } from "@/lib/cn";

const DOTS = { ready: "bg-success", starting: "bg-warning animate-pulse", absent: "bg-warning", failed: "bg-danger" };

function Model({ label, name, to }: { label: string; name: string | undefined; to: "/chat" | "/text-to-image" }) {
  return (
    <div className="flex items-baseline justify-between gap-3">
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 truncate">
        {name === undefined ? (
          <span className="text-muted">none yet</span>
        ) : (
          <PopoverClose>
            <Link to={to} className="font-medium underline-offset-4 hover:underline">
              {name}
            </Link>
          </PopoverClose>
        )}
      </dd>
    </div>
  );
}

/** What runs and which models answer, in the top bar. */
export function StackStatus() {
  const services = useQuery(servicesQuery);
  const endpoints = useQuery(endpointsQuery);
  const options = useQuery(generateOptionsQuery);
  const active = endpoints.data?.items.find((endpoint) => endpoint.active);
  const states = expectedHealth(services.data?.items ?? []);
  const unreachable = services.isError;
  const health = unreachable ? "failed" : overallHealth(states);
  const named = (health: Health) => states.filter((service) => service.health === health).map(({ name }) => name);
  const [failed, starting, absent] = [named("failed"), named("starting"), named("absent")];
  const words = unreachable
    ? "Gateway unreachable"
    : services.isPending
      ? "Connecting"
      : failed.length > 0
        ? `${failed.join(", ")} failed`
        : starting.length > 0
          ? `${starting.join(", ")} warming up`
          : absent.length > 0
            ? `${absent.join(", ")} not running`
            : "All ready";
  return (
    <Popover
      label="Services and models"
      trigger={
        <Button look="ghost" size="sm" className="min-w-0 shrink" aria-label={`Services and models: ${words}`}>
          <span aria-hidden="true" className={cn("size-2 shrink-0 rounded-full", DOTS[health])} />
          <span className="hidden truncate first-letter:uppercase sm:inline">{words}</span>
        </Button>
      }
    >
      <div className="grid grid-cols-1 gap-4">
        {unreachable ? (
          <ProblemNotice error={services.error} onRetry={() => void services.refetch()} />
        ) : (
          <>
            <ServiceList services={states} />
            <dl className="grid gap-1 border-t pt-3">
              <Model label="Chat model" name={active && (ownModel(active) || active.name)} to="/chat" />
              <Model label="Image model" name={options.data?.models[0]?.name} to="/text-to-image" />
            </dl>
          </>
        )}
      </div>
    </Popover>
  );
}
