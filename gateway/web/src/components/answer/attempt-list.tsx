import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { endpointsQuery } from "@/api/queries";
import type { Reason } from "@/endpoints/attempts";
import { cn } from "@/lib/cn";

/** To where the key of an endpoint is entered, if that is what it wants. */
function KeyLink({ endpoint: name, outcome }: Reason) {
  const { data } = useQuery(endpointsQuery);
  const endpoint = data?.items.find((one) => one.name === name && one.kind !== "embedded");
  // Whoever refuses to list its models counts as offline from then on.
  const wanted = outcome === "offline" ? endpoint?.health.code : outcome;
  if (endpoint === undefined || wanted !== "endpoint_refused") return null;
  return (
    <Link
      to="/models"
      search={{ edit: endpoint.id }}
      className="font-medium text-accent underline underline-offset-4"
    >
      {endpoint.has_key ? "Change" : "Add"} the key of {name}
    </Link>
  );
}

/** Who was asked, and why each could not answer. */
export function AttemptList({ reasons, className }: { reasons: readonly Reason[]; className?: string }) {
  return (
    <ul aria-label="Who was asked" className={cn("mt-1 grid gap-0.5 pl-4", className)}>
      {reasons.map((reason, index) => (
        <li key={`${index} ${reason.endpoint}`} className="wrap-anywhere">
          <span className="font-medium">{reason.endpoint}</span> {reason.words} <KeyLink {...reason} />
        </li>
      ))}
    </ul>
  );
}
