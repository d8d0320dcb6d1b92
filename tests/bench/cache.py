"""Answers given again from memory, over one connection that is kept: `python -m tests.bench.cache --help`.

The question is deterministic (temperature 0) and was answered before, so the gateway gives what it kept and asks
nobody. Two times are told: the one the client sees, and the gateway's own, from the moment it has the request's head
until the answer's first byte is ready. The second is read from its log, in steps of 0.1 ms, and its mean from the sum
and the count of its histogram. Beside them, in turns, the same question asked afresh from an upstream that has the
answer ready, and `/health`, which is what HTTP and the outermost layer cost alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvloop

from tests.bench.crowd import Line, Question, Wrong, ms
from tests.bench.mock_upstream import GAP_MS, INSTANT
from tests.bench.proxies import Side, atelier, mock

_HIT = b"x-atelier-cache: hit"
_ROUTE = '{method="POST",route="/v1/chat/completions"}'
_HISTOGRAM = "atelier_gateway_response_start_seconds"
_START_MS = re.compile(rb"path=/v1/chat/completions[^\n]*?start_ms=([\d.]+)")
_WARM_UP = 300
# The supervisor writes the log of the gateway a moment after it speaks.
_LOG_LAGS_S = 0.2
# Asked in each turn of every kind.
_RUN = 50


@dataclass(frozen=True)
class Kind:
    """One way to ask."""

    name: str
    request: bytes
    stream: bool = False
    hit: bool = False


@dataclass
class Times:
    """Of one kind: seconds as the client sees them, milliseconds by the gateway's log, seconds by its histogram."""

    seen_s: list[float] = field(default_factory=list[float])
    own_ms: list[float] = field(default_factory=list[float])
    own_sum_s: float = 0.0
    own_count: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cache", description=__doc__)
    parser.add_argument("--requests", type=int, default=5000, help="of each kind")
    parser.add_argument("--tokens", type=int, default=64, help="words of the answer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="atelier-bench-cache-") as name:
        folder = Path(name)
        with (
            mock(folder, GAP_MS) as upstream,
            atelier(folder, upstream.url, {"ATELIER_ANSWER_CACHE_MB": "64"}) as gateway,
        ):
            log = folder / "atelier" / "logs" / "gateway.log"
            times = uvloop.run(measure(gateway, log, options.requests, options.tokens))
    figures = {name: _figures(one) for name, one in times.items()}
    print(table(figures))
    print(json.dumps({"cache": figures}))


class Own:
    """What the gateway says of itself."""

    def __init__(self, log: Path, line: Line, host: str) -> None:
        """`line` is for asking nothing but its metrics."""
        self._log = log
        self._line = line
        self._request = f"GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._read = 0

    async def histogram(self) -> tuple[float, int]:
        """Sum in seconds and count of the times until the first byte of an answer of `/v1/chat/completions`."""
        _, said = await self._line.ask(self._request, stream=False)
        lines = said.decode().splitlines()
        values = dict(line.rsplit(" ", 1) for line in lines if line.startswith(_HISTOGRAM))
        return float(values.get(f"{_HISTOGRAM}_sum{_ROUTE}", 0)), int(
            float(values.get(f"{_HISTOGRAM}_count{_ROUTE}", 0))
        )

    def logged_ms(self) -> list[float]:
        """The same times of each request since the last call, as logged."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            # Up to the last whole line.
            lines, _, _ = log.read().rpartition(b"\n")
            self._read += len(lines)
        return [float(found) for found in _START_MS.findall(lines)]


async def measure(gateway: Side, log: Path, requests: int, tokens: int) -> dict[str, Times]:
    """All kinds in turns, over one connection."""
    host = gateway.url.partition("//")[2]
    whole = Question(INSTANT, tokens, stream=False, temperature=0)
    kinds = [
        Kind("kept, whole", whole.request(host), hit=True),
        Kind("kept, streamed", replace(whole, stream=True).request(host), stream=True, hit=True),
        Kind("asked afresh, whole", replace(whole, fresh=True).request(host)),
        Kind("/health", f"GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()),
    ]
    line, own = await Line.to(gateway.url), Own(log, await Line.to(gateway.url), host)
    for kind in kinds:
        for _ in range(_WARM_UP):
            await line.ask(kind.request, stream=kind.stream)
    await asyncio.sleep(_LOG_LAGS_S)
    own.logged_ms()
    times = {kind.name: Times() for kind in kinds}
    for _ in range(-(-requests // _RUN)):
        for kind in kinds:
            await _run(line, own, kind, times[kind.name])
    return times


async def _run(line: Line, own: Own, kind: Kind, times: Times) -> None:
    before = await own.histogram()
    for _ in range(_RUN):
        told, said = await line.ask(kind.request, stream=kind.stream)
        if kind.hit != (_HIT in said.partition(b"\r\n\r\n")[0]):
            raise Wrong(said[:500].decode(errors="replace"))
        times.seen_s.append(told.whole_s)
    after = await own.histogram()
    times.own_sum_s += after[0] - before[0]
    times.own_count += after[1] - before[1]
    await asyncio.sleep(_LOG_LAGS_S)
    times.own_ms += own.logged_ms()


def _figures(times: Times) -> dict[str, float | int | None]:
    own_s = [told / 1e3 for told in times.own_ms]
    return {
        "requests": len(times.seen_s),
        "seen_p50_ms": round(ms(times.seen_s, 0.5), 3),
        "seen_p99_ms": round(ms(times.seen_s, 0.99), 3),
        "own_logged": len(own_s),
        "own_p50_ms": round(ms(own_s, 0.5), 1) if own_s else None,
        "own_p99_ms": round(ms(own_s, 0.99), 1) if own_s else None,
        "own_mean_ms": round(times.own_sum_s / times.own_count * 1e3, 3) if times.own_count else None,
    }


def table(figures: Mapping[str, Mapping[str, float | int | None]]) -> str:
    """For a person and for Markdown."""
    lines = [
        "| over one connection | client p50 ms | p99 | gateway's own p50 ms | p99 | mean |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, one in figures.items():
        own = " | ".join(
            "–" if one[key] is None else f"{one[key]}" for key in ("own_p50_ms", "own_p99_ms", "own_mean_ms")
        )
        lines.append(f"| {name} | {one['seen_p50_ms']} | {one['seen_p99_ms']} | {own} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
