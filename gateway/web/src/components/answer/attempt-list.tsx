import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { endpointsQuery } from "@/api/queries";
import type { Reason } from "@/endpoints/attempts";
import { cn } from "@/lib/cn";

/** To where the key is entered of an endpoint of this name; nothing if there is none any more. */
function KeyLink({ name }: { name: string }) {
  const { data } = useQuery(endpointsQuery);
  const endpoint = data?.items.find((one) => one.name === name && one.kind !== "embedded");
  if (endpoint === undefined) return null;
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
      {reasons.map(({ endpoint, outcome, words }, index) => (
        <li key={`${index} ${endpoint}`} className="wrap-anywhere">
          <span className="font-medium">{endpoint}</span> {words}{" "}
          {outcome === "endpoint_refused" && <KeyLink name={endpoint} />}
        </li>
      ))}
    </ul>
  );
}
