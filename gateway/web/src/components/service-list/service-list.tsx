import { CircleAlert, CircleCheck, Clock } from "lucide-react";
import { RelativeTime } from "@/components/relative-time/relative-time";
import { Spinner } from "@/components/spinner/spinner";
import type { ServiceHealth } from "./health";

const WORDS = { ready: "Ready", starting: "Warming up", failed: "Failed", absent: "Not running" };

function HealthIcon({ health }: { health: ServiceHealth["health"] }) {
  if (health === "ready") return <CircleCheck aria-hidden="true" className="size-4 text-success" />;
  if (health === "failed") return <CircleAlert aria-hidden="true" className="size-4 text-danger" />;
  if (health === "absent") return <Clock aria-hidden="true" className="size-4 text-muted" />;
  return <Spinner className="text-warning" />;
}

export function ServiceList({ services }: { services: readonly ServiceHealth[] }) {
  return (
    <ul className="grid gap-3">
      {services.map((service) => (
        <li key={service.name} className="flex items-start gap-2.5">
          <span className="mt-0.5">
            <HealthIcon health={service.health} />
          </span>
          <div className="min-w-0 grow">
            <div className="flex items-baseline justify-between gap-2">
              <span className="font-medium capitalize">
                {service.name}
                {service.copies > 1 && <span className="font-normal text-muted"> × {service.copies}</span>}
              </span>
              <span className="text-xs text-muted">
                {WORDS[service.health]}
                {service.since !== null && (
                  <>
                    {" · "}
                    <RelativeTime time={service.since} />
                  </>
                )}
              </span>
            </div>
            {service.detail && <p className="text-xs break-words text-muted">{service.detail}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
