import { RelativeTime } from "@/components/relative-time/relative-time";
import { latency } from "@/endpoints/standing";
import { Compared } from "./compared";
import { LevelChart } from "./level-chart";
import { counterpart, type Level, type Measurement, rate } from "./measurement";

const HEADINGS = ["At once", "Tokens a second", "First token", "95 % within", "Whole answer", "Failed"];
const CELL = "px-3 py-2 text-right align-top whitespace-nowrap tabular-nums";

const atOnce = ({ concurrency }: Level) => `${concurrency} at once`;
/** "about 45.1"; what nobody answered has no speed. */
const speed = ({ tokensPerS, estimated }: Level) =>
  tokensPerS > 0 ? `${estimated ? "≈ " : ""}${rate(tokensPerS)}` : "none";

function Row({ level, now, before }: { level: Level; now: Measurement; before: Measurement | undefined }) {
  const other = counterpart(level, now, before);
  return (
    <tr className="border-t">
      <th scope="row" className="px-3 py-2 text-left align-top font-medium tabular-nums">
        {level.concurrency}
      </th>
      <td className={CELL}>
        {speed(level)}
        {other && <Compared now={level.tokensPerS} before={other.tokensPerS} best="more" />}
      </td>
      <td className={CELL}>
        {latency(level.firstTokenMs) || "–"}
        {other && <Compared now={level.firstTokenMs} before={other.firstTokenMs} best="less" />}
      </td>
      <td className={CELL}>{latency(level.firstTokenP95Ms) || "–"}</td>
      <td className={CELL}>{latency(level.answerMs) || "–"}</td>
      <td className={level.failed > 0 ? `${CELL} text-danger` : CELL}>
        {level.failed} of {level.requests}
      </td>
    </tr>
  );
}

interface NewestProps {
  measurement: Measurement;
  before: Measurement | undefined;
  /** What the endpoint is called. */
  name: string;
}

/** The newest measurement: its chart, and every figure. */
export function Newest({ measurement, before, name }: NewestProps) {
  const { levels, model, time, tokens } = measurement;
  const other = before !== undefined && before.model !== model ? before.model : "";
  return (
    <section
      aria-label="Newest measurement"
      className="grid grid-cols-1 gap-5 rounded-2xl border bg-surface p-5 shadow-card"
    >
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 className="min-w-0 font-semibold wrap-anywhere">{model}</h2>
        <p className="text-muted">
          Measured <RelativeTime time={time} />, {tokens} tokens an answer
        </p>
      </div>
      <div className="grid grid-cols-1 gap-x-8 gap-y-6 sm:grid-cols-2">
        <LevelChart
          title="Tokens a second"
          note="all answers together"
          colour="var(--chart-1)"
          bars={levels.map((level) => ({ label: atOnce(level), value: level.tokensPerS, words: speed(level) }))}
        />
        <LevelChart
          title="Time to first token"
          note="the median; the mark: 95 % began within"
          colour="var(--chart-2)"
          bars={levels.map((level) => ({
            label: atOnce(level),
            value: level.firstTokenMs,
            words: latency(level.firstTokenMs) || "none",
            mark: level.firstTokenP95Ms,
          }))}
        />
      </div>
      {/* What scrolls must be within reach of the keyboard. */}
      <div role="region" aria-label="Every figure" tabIndex={0} className="overflow-x-auto rounded-lg border">
        <table className="w-full border-collapse text-[0.8125rem]">
          <thead className="text-xs text-muted">
            <tr>
              {HEADINGS.map((heading) => (
                <th
                  key={heading}
                  scope="col"
                  className="px-3 py-2 text-right font-medium whitespace-nowrap first:text-left"
                >
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {levels.map((level) => (
              <Row key={level.concurrency} level={level} now={measurement} before={before} />
            ))}
          </tbody>
        </table>
      </div>
      {levels.some(({ estimated }) => estimated) && (
        <p className="text-pretty text-muted">
          ≈ is an estimate: {name} does not say how many tokens it wrote, so the pieces it sent were counted.
        </p>
      )}
      {other !== "" && (
        <p className="text-muted">The measurement before was of another model, {other}, so the two are not compared.</p>
      )}
    </section>
  );
}
