import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ChartColumn, MessageSquare, Tags } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { usageQuery } from "@/api/queries";
import type { Usage } from "@/api/types";
import { Button } from "@/components/button/button";
import { EmptyState } from "@/components/empty-state/empty-state";
import { PageHeader } from "@/components/page-header/page-header";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";
import { Segmented } from "@/components/segmented/segmented";
import { Skeleton } from "@/components/skeleton/skeleton";
import { type By, grouped, sum, withoutPrice } from "./group";
import { PricesSheet } from "./prices-sheet";
import { dayOf, lastDays, type Range, spanOfDays } from "./range";
import { RangeChooser } from "./range-chooser";
import { type Measure, chartData } from "./series";
import { Totals } from "./totals";
import { UsageChart } from "./usage-chart";
import { UsageTable } from "./usage-table";

const route = getRouteApi("/usage");
const MEASURES = [
  { value: "tokens", label: "Tokens" },
  { value: "cost", label: "Cost" },
] as const;
const GROUPS = [
  { value: "model", label: "Model" },
  { value: "endpoint", label: "Endpoint" },
  { value: "day", label: "Day" },
] as const;
const RANGE_FIELDS = ["since", "until"];

interface FiguresProps {
  usage: Usage;
  range: Range;
  by: By;
  measure: Measure;
  onBy: (by: By) => void;
  onMeasure: (measure: Measure) => void;
  onPrices: () => void;
}

function Figures({ usage, range, by, measure, onBy, onMeasure, onPrices }: FiguresProps) {
  return (
    <>
      <Totals sum={sum(usage.items)} unpriced={withoutPrice(usage.items)} onPrices={onPrices} />
      <section
        aria-labelledby="usage-chart"
        className="grid grid-cols-1 gap-4 rounded-2xl border bg-surface p-4 shadow-card md:p-5"
      >
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 id="usage-chart" className="font-semibold">
            {measure === "tokens" ? "Tokens" : "Cost"} by model, {spanOfDays(range)}
          </h2>
          <Segmented label="What the chart shows" value={measure} onChange={onMeasure} choices={MEASURES} />
        </div>
        <UsageChart
          key={`${range.since} ${range.until}`}
          data={chartData(usage.items, range, measure)}
          measure={measure}
        />
      </section>
      <section aria-labelledby="usage-table" className="grid grid-cols-1 gap-3">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 id="usage-table" className="font-semibold">
            What was used
          </h2>
          <Segmented label="Added up by" value={by} onChange={onBy} choices={GROUPS} />
        </div>
        <UsageTable groups={grouped(usage.items, by)} by={by} />
      </section>
    </>
  );
}

function NothingUsed({ range }: { range: Range }) {
  return (
    <EmptyState
      icon={ChartColumn}
      title="Nothing was used in this time"
      action={
        <Button asChild look="primary">
          <Link to="/chat">
            <MessageSquare />
            Ask a model something
          </Link>
        </Button>
      }
    >
      No language model answered you ({spanOfDays(range)}). Every answer, in Chat or over the API, is counted here: its
      tokens, and what they cost.
    </EmptyState>
  );
}

export default function UsagePage() {
  const { days = 30, since, until, by = "model", measure = "tokens" } = route.useSearch();
  const navigate = route.useNavigate();
  const [pricing, setPricing] = useState(false);
  const custom = since !== undefined && until !== undefined;
  const range: Range = custom ? { since, until } : lastDays(days, dayOf(Date.now()));
  const query = useQuery({ ...usageQuery(range.since, range.until), placeholderData: (previous) => previous });
  const problem = query.isError ? asProblem(query.error) : null;
  const shown = query.data;
  return (
    <div className="mx-auto grid w-full max-w-6xl grid-cols-1 gap-5 p-4 md:p-6">
      <PageHeader
        title="Usage"
        actions={
          <Button onClick={() => setPricing(true)}>
            <Tags />
            Prices
          </Button>
        }
      >
        What your language models read and wrote, and what that cost. Days are in UTC.
      </PageHeader>
      <RangeChooser
        span={custom ? "custom" : days}
        range={range}
        problem={problem}
        onSpan={(span) =>
          void navigate({
            search: ({ by, measure }) => ({ by, measure, days: span === 30 ? undefined : span }),
            replace: true,
          })
        }
        onRange={(chosen) =>
          void navigate({ search: ({ by, measure }) => ({ by, measure, ...chosen }), replace: true })
        }
      />
      {problem !== null && (
        <ProblemNotice error={problem} shownFields={custom ? RANGE_FIELDS : []} onRetry={() => void query.refetch()} />
      )}
      {query.isPending && (
        <>
          <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
            {["a", "b", "c", "d"].map((key) => (
              <Skeleton key={key} className="h-24" />
            ))}
          </div>
          <Skeleton className="h-80" />
        </>
      )}
      {shown?.items.length === 0 && <NothingUsed range={shown} />}
      {shown !== undefined && shown.items.length > 0 && (
        <Figures
          usage={shown}
          // While another range is fetched, what is shown is still the one before.
          range={{ since: shown.since, until: shown.until }}
          by={by}
          measure={measure}
          onBy={(next) =>
            void navigate({ search: (now) => ({ ...now, by: next === "model" ? undefined : next }), replace: true })
          }
          onMeasure={(next) =>
            void navigate({
              search: (now) => ({ ...now, measure: next === "tokens" ? undefined : next }),
              replace: true,
            })
          }
          onPrices={() => setPricing(true)}
        />
      )}
      <PricesSheet open={pricing} onOpenChange={setPricing} used={shown?.items ?? []} />
    </div>
  );
}
