import { duration, wholeNumber } from "@/lib/format";
import { type By, type Group } from "./group";
import { costText } from "./totals";

const HEADINGS: Record<By, string> = { model: "Model", endpoint: "Endpoint", day: "Day" };
const NUMBER = "hidden px-3 py-2.5 text-right whitespace-nowrap tabular-nums md:table-cell";

function remarks(group: Group): string {
  return [
    group.cached > 0 ? `${wholeNumber(group.cached)} from memory` : "",
    group.failed > 0 ? `${wholeNumber(group.failed)} failed` : "",
    group.estimated > 0 ? `${wholeNumber(group.estimated)} estimated` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

function Row({ group }: { group: Group }) {
  return (
    <tr className="border-t">
      <th scope="row" className="w-full max-w-0 py-2.5 pr-3 pl-4 text-left font-normal">
        <p className="truncate font-medium">{group.label}</p>
        <p className="truncate text-xs text-muted">{[group.note, remarks(group)].filter(Boolean).join(" · ")}</p>
        {/* What has no column of its own on a narrow screen. */}
        <p className="text-xs text-muted md:hidden">
          {wholeNumber(group.requests)} {group.requests === 1 ? "request" : "requests"} ·{" "}
          {wholeNumber(group.prompt_tokens)} read · {wholeNumber(group.completion_tokens)} written
        </p>
      </th>
      <td className={NUMBER}>{wholeNumber(group.requests)}</td>
      <td className={NUMBER}>{wholeNumber(group.prompt_tokens)}</td>
      <td className={NUMBER}>{wholeNumber(group.completion_tokens)}</td>
      <td className={NUMBER}>{group.latency_ms === null ? "–" : duration(group.latency_ms / 1000)}</td>
      <td className="py-2.5 pr-4 pl-3 text-right tabular-nums md:whitespace-nowrap">{costText(group)}</td>
    </tr>
  );
}

/** What was used, by one of three things. */
export function UsageTable({ groups, by }: { groups: readonly Group[]; by: By }) {
  return (
    <div className="overflow-hidden rounded-2xl border bg-surface shadow-card">
      <table aria-label={`Usage by ${by}`} className="w-full border-collapse">
        <thead className="text-xs text-muted">
          <tr>
            <th scope="col" className="py-2.5 pr-3 pl-4 text-left font-medium">
              {HEADINGS[by]}
            </th>
            {["Requests", "Tokens read", "Tokens written", "Mean time"].map((heading) => (
              <th key={heading} scope="col" className={`${NUMBER} font-medium`}>
                {heading}
              </th>
            ))}
            <th scope="col" className="py-2.5 pr-4 pl-3 text-right font-medium">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <Row key={group.key} group={group} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
