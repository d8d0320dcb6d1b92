import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { servicesQuery } from "@/api/queries";
import { Spinner } from "@/components/spinner/spinner";
import { expectedHealth } from "./health";

/** Why a service does not answer yet, in its own words; `otherwise` before it has said any. */
export function ServiceWait({ name, otherwise }: { name: string; otherwise: ReactNode }) {
  const services = useQuery(servicesQuery);
  const service = expectedHealth(services.data?.items ?? []).find((one) => one.name === name);
  const detail = services.data ? service?.detail : "";
  return (
    <span role="status" className="inline-flex items-start gap-2 text-left">
      {service?.health !== "failed" && <Spinner className="mt-0.5 shrink-0" />}
      <span className="first-letter:uppercase">{detail || otherwise}</span>
    </span>
  );
}
