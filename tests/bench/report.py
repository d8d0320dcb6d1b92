"""Figures of several rounds as one line of JSON and as a table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from tests.bench.measure import Figures


def median(rounds: Sequence[Figures]) -> Figures:
    """The median of each figure on its own."""
    return Figures(
        statistics.median(f.jobs_per_s for f in rounds),
        statistics.median(f.p50_ms for f in rounds),
        statistics.median(f.p99_ms for f in rounds),
        tuple(statistics.median(column) for column in zip(*(f.cpu_us_per_job for f in rounds), strict=True)),
    )


def table(rows: Mapping[str, Figures]) -> str:
    """One line each, for a person and for Markdown."""
    lines = [
        "| | jobs/s | p50 ms at 50/s | p99 ms | CPU µs a job: worker, server(s), submitter |",
        "|---|---:|---:|---:|---|",
    ]
    for name, f in rows.items():
        cpu = ", ".join(f"{value:.0f}" for value in f.cpu_us_per_job)
        lines.append(f"| {name} | {f.jobs_per_s:,.0f} | {f.p50_ms:.1f} | {f.p99_ms:.1f} | {cpu} |")
    return "\n".join(lines)


def ratio(ours: Sequence[Figures], theirs: Sequence[Figures]) -> dict[str, float]:
    """Ours against theirs, the median over the rounds of the ratio within each, so that a slow minute hits both."""
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "jobs_per_s": round(statistics.median(a.jobs_per_s / b.jobs_per_s for a, b in pairs), 2),
        "p50": round(statistics.median(a.p50_ms / b.p50_ms for a, b in pairs), 2),
        "p99": round(statistics.median(a.p99_ms / b.p99_ms for a, b in pairs), 2),
    }
