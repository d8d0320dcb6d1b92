"""What the rounds of `proxy.py` come to: medians over the rounds, and ratios within them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.crowd import Question

OURS, THEIRS, DIRECT = "atelier", "litellm", "direct"
# In the table; the JSON has all.
_ADDED = ("first_p50", "first_p99", "whole_p50", "whole_p99")


@dataclass(frozen=True)
class Step:
    """One thing that every side is asked in a round."""

    part: str
    places: int
    """Requests at once."""
    question: Question
    turns: int = 0
    """How often each place asks; 0 = for `seconds`."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """What one side did in one step. Times in milliseconds, NaN without an answer."""

    requests: int
    tokens: int
    failures: Sequence[str]
    seconds: float
    first_p50: float
    first_p99: float
    whole_p50: float
    whole_p99: float
    cpu_s: Mapping[str, float]
    """CPU seconds by process: those of the side, the mock's and the client's."""

    @property
    def per_s(self) -> float:
        """Complete answers a second."""
        return self.requests / self.seconds

    def through_s(self) -> float:
        """CPU seconds of what stands between."""
        return sum(seconds for name, seconds in self.cpu_s.items() if name not in ("mock", "client"))


Round = dict[Step, dict[str, Run]]


def figures(
    rounds: Sequence[Round],
    steps: Sequence[Step],
    idle: Mapping[str, Mapping[str, float]],
    loaded: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """For JSON: one entry for each step with its sides, and the memory in MB."""
    return {
        "steps": [_step(step, [done[step] for done in rounds]) for step in steps],
        "memory_mb": {name: {"idle": _rounded(idle[name]), "after the load": _rounded(loaded[name])} for name in idle},
    }


def _step(step: Step, rounds: Sequence[Mapping[str, Run]]) -> dict[str, Any]:
    return {
        "part": step.part,
        "concurrency": step.places,
        "sides": {name: _side(name, rounds) for name in sorted(rounds[0])},
        "ratio": _ratio(rounds) if {OURS, THEIRS} <= rounds[0].keys() else None,
    }


def _side(name: str, rounds: Sequence[Mapping[str, Run]]) -> dict[str, Any]:
    runs = [sides[name] for sides in rounds]
    reasons = [reason for run in runs for reason in run.failures]
    return {
        "requests": sum(run.requests for run in runs),
        "failures": len(reasons),
        "reasons": sorted(set(reasons))[:3],
        "requests_per_s": _median(run.per_s for run in runs),
        "tokens_per_s": _median(run.tokens / run.seconds for run in runs),
        **{f"{key}_ms": _median(getattr(run, key) for run in runs) for key in _ADDED},
        "added_ms": {key: _median(_added(sides, name, key) for sides in rounds) for key in _ADDED},
        "cpu_us_per_request": _cpu(runs, lambda run: run.requests / 1e6),
        "cpu_us_per_token": _cpu(runs, lambda run: run.tokens / 1e6),
        "cores": _cpu(runs, lambda run: run.seconds, digits=3),
    }


def _ratio(rounds: Sequence[Mapping[str, Run]]) -> dict[str, float | None]:
    """Ours / theirs, the median over the rounds of the ratio within each."""

    def within(value: Callable[[Mapping[str, Run], str], float]) -> float | None:
        # A difference that is lost in the noise, or no answer at all, makes no ratio.
        pairs = [(value(sides, OURS), value(sides, THEIRS)) for sides in rounds]
        ratios = [ours / theirs for ours, theirs in pairs if ours > 0 and theirs > 0]
        return round(statistics.median(ratios), 3) if ratios else None

    return {
        **{f"added_{key}": within(lambda sides, name, key=key: _added(sides, name, key)) for key in _ADDED},
        "requests_per_s": within(lambda sides, name: sides[name].per_s),
        "cpu": within(lambda sides, name: sides[name].through_s() / max(1, sides[name].requests)),
    }


def _added(sides: Mapping[str, Run], name: str, key: str) -> float:
    return getattr(sides[name], key) - getattr(sides[DIRECT], key)


def _cpu(runs: Sequence[Run], share: Callable[[Run], float], digits: int = 1) -> dict[str, float]:
    return {
        name: round(statistics.median(run.cpu_s[name] / share(run) if share(run) else 0.0 for run in runs), digits)
        for name in runs[0].cpu_s
    }


def _median(values: Any) -> float:
    return round(statistics.median(values), 2)


def _rounded(megabytes: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in megabytes.items()}


def table(measured: Mapping[str, Any]) -> str:
    """For a person and for Markdown."""
    steps = measured["steps"]
    return "\n".join(
        [
            *_paced_table([step for step in steps if step["part"] == "paced"]),
            *_ramp_table([step for step in steps if step["part"] == "ramp"]),
            *_rate_table([step for step in steps if step["part"].startswith("instant")]),
            *_memory_table(measured["memory_mb"]),
        ]
    )


def _paced_table(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| streams | | first token p50 ms | p99 | whole p50 ms | p99 | tokens/s | CPU µs a token |",
        "|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    for step in steps:
        for name, side in _ordered(step):
            shown = {key: side[f"{key}_ms"] for key in _ADDED} if name == DIRECT else side["added_ms"]
            sign = "" if name == DIRECT else "+"
            times = " | ".join(f"{shown[key]:{sign}.1f}" for key in _ADDED)
            rate, cpu = side["tokens_per_s"], _words(side["cpu_us_per_token"])
            lines.append(f"| {step['concurrency']} | {name} | {times} | {rate:,.0f} | {cpu} |")
        if ratio := step["ratio"]:
            times = " | ".join(_times(ratio[f"added_{key}"]) for key in _ADDED)
            lines.append(
                f"| | {OURS} / {THEIRS} | {times} | {_times(ratio['requests_per_s'])} | {_times(ratio['cpu'])} |"
            )
    return [*lines, ""]


def _ramp_table(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| streams at once | | complete | failed | first token added p99 ms | whole added p99 ms | tokens/s | cores |",
        "|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    for step in steps:
        for name, side in _ordered(step):
            added = side["added_ms"]
            lines.append(
                f"| {step['concurrency']} | {name} | {side['requests']} | {side['failures']} "
                f"| {added['first_p99']:.1f} | {added['whole_p99']:.1f} | {side['tokens_per_s']:,.0f} "
                f"| {_words(side['cores'], '.2f')} |"
            )
    return [*lines, ""]


def _rate_table(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["| | at once | | requests/s | failed | p50 ms | CPU µs a request |", "|---|---:|---|---:|---:|---:|---|"]
    for step in steps:
        for name, side in _ordered(step):
            cpu = _words(side["cpu_us_per_request"])
            lines.append(
                f"| {step['part']} | {step['concurrency']} | {name} | {side['requests_per_s']:,.0f} "
                f"| {side['failures']} | {side['whole_p50_ms']:.1f} | {cpu} |"
            )
        if ratio := step["ratio"]:
            lines.append(f"| | | {OURS} / {THEIRS} | {_times(ratio['requests_per_s'])} | | | {_times(ratio['cpu'])} |")
    return [*lines, ""]


def _memory_table(memory: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    lines = ["| PSS MB | idle | after the load |", "|---|---|---|"]
    lines += [f"| {name} | {_sum(when['idle'])} | {_sum(when['after the load'])} |" for name, when in memory.items()]
    return [*lines, ""]


def _ordered(step: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    sides = step["sides"]
    return [(name, sides[name]) for name in (DIRECT, OURS, THEIRS) if name in sides]


def _sum(parts: Mapping[str, float]) -> str:
    return f"{sum(parts.values()):.0f} ({_words(parts)})"


def _words(parts: Mapping[str, float], form: str = ".0f") -> str:
    return ", ".join(f"{name} {value:{form}}" for name, value in parts.items())


def _times(value: float | None) -> str:
    return "–" if value is None else f"×{value:.2f}"
