import { line } from "./line";

interface SparklineProps {
  /** Oldest first; null = there was none. */
  values: readonly (number | null)[];
  /** What it shows, for those who do not see it. */
  label: string;
  width?: number;
  height?: number;
}

/** How a value went, in the space of a word. */
export function Sparkline({ values, label, width = 96, height = 24 }: SparklineProps) {
  const { paths, gaps } = line(values, width, height);
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${width} ${height}`} width={width} height={height} fill="none">
      {gaps.map((x) => (
        <path key={x} d={`M${x} ${height - 6}V${height}`} className="stroke-danger" strokeWidth={1.5} />
      ))}
      {paths.map((path) => (
        <path
          key={path}
          d={path}
          className="stroke-accent"
          strokeWidth={1.5}
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      ))}
    </svg>
  );
}
