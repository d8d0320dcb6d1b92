/** One run of neighbouring values as an SVG path, and where values are missing. */
export interface Line {
  paths: string[];
  gaps: number[];
}

// Room for the stroke and the round ends of the line.
const MARGIN = 2;

/** A line through `values` in a box of that size, lowest value at the bottom; null = there is no value. Pure. */
export function line(values: readonly (number | null)[], width: number, height: number): Line {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const range = Math.max(...known) - low;
  const step = values.length > 1 ? (width - 2 * MARGIN) / (values.length - 1) : 0;
  const x = (index: number) => round(MARGIN + index * step);
  // Equal values lie in the middle: at either end they would look like the best or the worst.
  const y = (value: number) =>
    round(range === 0 ? height / 2 : height - MARGIN - ((value - low) / range) * (height - 2 * MARGIN));
  const paths: string[] = [];
  const gaps: number[] = [];
  let run: string[] = [];
  const end = () => {
    // A single value has no length; with round ends it shows as a dot.
    if (run.length > 0) paths.push(`M${run.join("L")}${run.length === 1 ? "h0" : ""}`);
    run = [];
  };
  values.forEach((value, index) => {
    if (value === null) {
      end();
      gaps.push(x(index));
    } else {
      run.push(`${x(index)} ${y(value)}`);
    }
  });
  end();
  return { paths, gaps };
}

const round = (value: number) => Math.round(value * 10) / 10;
