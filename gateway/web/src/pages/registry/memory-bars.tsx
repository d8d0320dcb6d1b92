import { useQuery } from "@tanstack/react-query";
import { modelStatsQuery } from "@/api/queries";
import { Progress } from "@/components/progress/progress";
import { bytes, wholeNumber } from "@/lib/format";

/** What the models take of each worker's memory and disk, and the figures of the registry. */
export function MemoryBars() {
  const { data } = useQuery(modelStatsQuery);
  if (data === undefined) return null;
  const facts = [
    `${wholeNumber(data.models)} registered`,
    bytes(data.size),
    `used ${wholeNumber(data.uses)}×`,
    ...(data.most_used[0] ? [`most often ${data.most_used[0].name}`] : []),
  ];
  return (
    <section aria-label="Memory" className="grid gap-3 rounded-2xl border bg-surface p-4 md:grid-cols-2">
      {data.workers.map((worker) => (
        <div key={worker.worker} className="grid content-start gap-1.5">
          <div className="flex items-baseline justify-between gap-3 text-sm">
            <span className="truncate font-medium" title={worker.worker}>
              Memory
            </span>
            <span className="text-xs whitespace-nowrap text-muted tabular-nums">
              {bytes(worker.memory_used)} of {worker.memory_budget > 0 ? bytes(worker.memory_budget) : "what there is"}
            </span>
          </div>
          <Progress
            label={`Memory that models take at ${worker.worker}`}
            value={worker.memory_budget > 0 ? worker.memory_used / worker.memory_budget : 0}
          />
          <p className="truncate text-xs text-muted">
            {worker.models} in memory · {bytes(worker.disk_used)} of {bytes(worker.disk_budget)} on disk · {worker.worker}
          </p>
        </div>
      ))}
      {data.workers.length === 0 && <p className="text-sm text-muted">No worker tells what it has in memory yet.</p>}
      <p className="self-center text-sm text-muted">{facts.join(" · ")}</p>
    </section>
  );
}
