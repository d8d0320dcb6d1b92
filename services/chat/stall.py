"""Tells a stalled engine from a slow one: requests run, but no token has come for a while. Pure; the clock is given."""

import re
from dataclasses import dataclass, field

_SAMPLE = re.compile(
    r"^vllm:(num_requests_running|generation_tokens_total|prompt_tokens_total)(?:\{[^}]*\})?\s+(\S+)", re.MULTILINE
)


@dataclass(frozen=True)
class EngineFigures:
    """What the engine's metrics say: requests being worked on, and tokens read and written since it started."""

    running: int
    tokens: int


def read_figures(metrics: str) -> EngineFigures:
    """Figures out of vLLM's Prometheus text; series of several engines are summed."""
    sums: dict[str, float] = {}
    for name, value in _SAMPLE.findall(metrics):
        sums[name] = sums.get(name, 0.0) + float(value)
    return EngineFigures(
        running=int(sums.get("num_requests_running", 0)),
        tokens=int(sums.get("generation_tokens_total", 0) + sums.get("prompt_tokens_total", 0)),
    )


@dataclass
class StallWatch:
    """Watches one engine that has work. `observe` is told what was seen and how long nothing has moved."""

    limit_s: float
    _tokens: int = -1
    _moved_at: float = field(default=0.0)

    def observe(self, figures: EngineFigures | None, now: float, *, waiting: bool) -> float:
        """Seconds without progress, 0 while all is well.

        `None` for figures means that the engine did not answer; `waiting`, that someone waits for it. Its own count of
        running requests alone would not do: an engine that stands still does not count the newcomers.
        """
        idle = figures is not None and figures.running == 0 and not waiting
        if self._tokens < 0 or idle or (figures is not None and figures.tokens != self._tokens):
            self._tokens = figures.tokens if figures is not None else 0
            self._moved_at = now
        return now - self._moved_at
