import { useQuery } from "@tanstack/react-query";
import { generateOptionsQuery } from "@/api/queries";
import type { Asset, GenerateOptions } from "@/api/types";
import { AssetImage } from "@/components/asset-media/asset-image";
import { isTerminal } from "@/jobs/events";
import type { LiveJob } from "@/jobs/reducer";
import { jobTitle } from "@/jobs/title";
import { Tile } from "../generation-card";
import { type Axis, axesOf, cellCount, valueLabel } from "./axes";

interface GridResultProps {
  job: LiveJob;
  onOpen: (asset: Asset) => void;
}

/** A grid's sheet once it is drawn, over its pictures in their columns and rows. */
export function GridResult({ job, onOpen }: GridResultProps) {
  const samplers = useQuery(generateOptionsQuery).data?.samplers ?? [];
  const axes = axesOf(job.params.axes);
  const [columns, rows, blocks] = axes;
  const sheet = job.outputs.find(({ index }) => index === cellCount(axes));
  if (columns === undefined || (isTerminal(job.status) && job.outputs.length === 0)) return null;
  const size = columns.values.length * (rows?.values.length ?? 1);
  return (
    <div className="grid grid-cols-1 gap-4">
      {sheet !== undefined && (
        <button
          type="button"
          aria-label={`Open the sheet: ${jobTitle(job)}`}
          className="mx-auto block max-w-full overflow-hidden rounded-xl border bg-white transition-shadow hover:shadow-float"
          onClick={() => onOpen(sheet)}
        >
          <AssetImage asset={sheet} className="h-auto max-h-[80dvh] w-auto max-w-full object-contain" />
        </button>
      )}
      {(blocks?.values ?? [""]).map((value, block) => {
        const label = blocks === undefined ? jobTitle(job) : valueLabel(blocks.field, value, samplers);
        return (
          <Block
            // biome-ignore lint/suspicious/noArrayIndexKey: an axis may hold a value twice
            key={block}
            job={job}
            label={label}
            titled={blocks !== undefined}
            columns={columns}
            rows={rows}
            first={block * size}
            samplers={samplers}
            onOpen={onOpen}
          />
        );
      })}
    </div>
  );
}

interface BlockProps extends GridResultProps {
  samplers: GenerateOptions["samplers"];
  label: string;
  titled: boolean;
  columns: Axis;
  rows: Axis | undefined;
  /** The place of its first picture among the outputs. */
  first: number;
}

/** The pictures that differ along the first two axes. */
function Block({ job, label, titled, columns, rows, first, samplers, onOpen }: BlockProps) {
  const heads = columns.values.map((value) => valueLabel(columns.field, value, samplers));
  const sides = rows?.values.map((value) => valueLabel(rows.field, value, samplers)) ?? [""];
  const ended = isTerminal(job.status);
  return (
    // Scrolled with the keyboard where it is wider than its place.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable
    <section aria-label={`Pictures: ${label}`} tabIndex={0} className="overflow-x-auto rounded-lg">
      <table className="border-separate border-spacing-1 text-xs">
        {titled && <caption className="pb-1 text-left font-medium">{label}</caption>}
        <thead>
          <tr>
            {rows !== undefined && <td />}
            {heads.map((head, column) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an axis may hold a value twice
              <th key={column} scope="col" className="min-w-20 max-w-36 px-1 align-bottom font-normal text-muted">
                <span className="line-clamp-2 wrap-anywhere" title={head}>
                  {head}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sides.map((side, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an axis may hold a value twice
            <tr key={row}>
              {rows !== undefined && (
                <th scope="row" className="max-w-36 min-w-20 pr-2 text-right font-normal text-muted">
                  <span className="line-clamp-3 wrap-anywhere" title={side}>
                    {side}
                  </span>
                </th>
              )}
              {heads.map((_, column) => {
                const index = first + row * heads.length + column;
                const made = job.outputs.some((output) => output.index === index);
                return (
                  // biome-ignore lint/suspicious/noArrayIndexKey: an axis may hold a value twice
                  <td key={column} className="w-32 min-w-20 p-0">
                    {(made || !ended) && <Tile job={job} index={index} onOpen={onOpen} />}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
