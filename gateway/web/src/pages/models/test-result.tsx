import { CircleCheck, TriangleAlert } from "lucide-react";
import { Problem } from "@/api/problem";
import type { EndpointTest } from "@/api/types";
import { Badge } from "@/components/badge/badge";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { latency } from "@/endpoints/standing";
import { sentence } from "@/lib/format";
import { answers } from "./drafts";

// Clouds list hundreds.
const SHOWN = 6;

function Models({ models }: Pick<EndpointTest, "models">) {
  return (
    <ul aria-label="Its models" className="mt-2 flex flex-wrap gap-1.5">
      {models.slice(0, SHOWN).map((model) => (
        <li key={model.id} className="max-w-full">
          <Badge className="inline-block max-w-full truncate align-bottom">{model.id}</Badge>
        </li>
      ))}
      {models.length > SHOWN && <li className="text-xs text-muted">and {models.length - SHOWN} more</li>}
    </ul>
  );
}

/** What came of a test: how fast and with which models it answers, or what failed and what to do about it. */
export function TestResult({ test }: { test: EndpointTest }) {
  if (!answers(test)) {
    const facts = { detail: sentence(test.detail), hint: sentence(test.hint) };
    return <ProblemNotice error={new Problem(503, "The test failed", facts)} />;
  }
  const well = test.status === "healthy";
  const Icon = well ? CircleCheck : TriangleAlert;
  const count = test.models.length;
  const time = latency(test.latency_ms);
  return (
    <div
      role="status"
      className={`flex gap-3 rounded-xl border p-3 ${well ? "border-success/30 bg-success-soft" : "border-warning/30 bg-warning-soft"}`}
    >
      <Icon aria-hidden="true" className={`mt-0.5 size-4 shrink-0 ${well ? "text-success" : "text-warning"}`} />
      <div className="min-w-0 grow">
        <p className="font-medium">
          It answers{time !== "" && ` in ${time}`} and lists {count === 1 ? "one model" : `${count} models`}.
        </p>
        {test.detail !== "" && <p className="wrap-anywhere">{sentence(test.detail)}</p>}
        {test.hint !== "" && <p className="wrap-anywhere">{sentence(test.hint)}</p>}
        {count > 0 && <Models models={test.models} />}
      </div>
    </div>
  );
}
