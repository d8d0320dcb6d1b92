"""Atelier's gateway beside the LiteLLM proxy, both in front of the same mock upstream, in turns:
`python -m tests.bench.proxy --help`.

A round asks every side the same at each concurrency, in changing order; what a proxy adds is the difference to the
upstream asked directly in the same round. `paced` streams (a delta every 20 ms) show the time that is added and how
many run at once; `instant` answers, which the upstream has ready, how many requests a second get through.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import uvloop

from tests.bench.crowd import Question, crowd, ms
from tests.bench.mock_upstream import GAP_MS, INSTANT, PACED, TOKENS
from tests.bench.peers import LITELLM_VERSION, PeerMissing, Peers
from tests.bench.proxies import Side, atelier, litellm, mock
from tests.bench.proxy_report import Round, Run, Step, figures, table

# Streams of each place in a round, by concurrency: enough for a quantile, short enough for a round.
TURNS = {1: 12, 16: 6, 64: 4}
_RAMP_TURNS = 2
_WARM_UP = 8


def main() -> None:
    """Starts the sides, measures, prints tables and one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.proxy", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, nargs="+", default=list(TURNS), help="of streams, and of requests/s")
    parser.add_argument("--ramp", type=int, nargs="*", default=[64, 128, 256], help="streams at once; failures count")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="deltas of each answer")
    parser.add_argument("--gap-ms", type=float, default=GAP_MS, help="between two deltas of a paced stream")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measure of requests/s")
    parser.add_argument("--turns", type=int, default=0, help="streams of each place in a round; 0 = by concurrency")
    parser.add_argument("--without", nargs="*", default=[], help="sides to leave out: atelier, litellm")
    options = parser.parse_args()
    steps = list(_steps(options))
    with tempfile.TemporaryDirectory(prefix="atelier-bench-proxy-") as name, contextlib.ExitStack() as stack:
        sides = _sides(stack, Path(name), options.gap_ms, options.without)
        idle = {side.name: side.memory_mb() for side in sides}
        spread_s = options.tokens * options.gap_ms / 1000
        rounds = uvloop.run(measure(sides, steps, options.rounds, spread_s))
        loaded = {side.name: side.memory_mb() for side in sides}
    measured = figures(rounds, steps, idle, loaded)
    print(table(measured))
    print(json.dumps({"proxy": {"litellm_version": LITELLM_VERSION, **measured}}))


def _steps(options: argparse.Namespace) -> Iterator[Step]:
    paced = Question(PACED, options.tokens)
    instant = Question(INSTANT, options.tokens)
    whole = Question(INSTANT, options.tokens, stream=False)
    for places in options.concurrency:
        yield Step("paced", places, paced, turns=options.turns or TURNS.get(places, _RAMP_TURNS))
    for places in options.ramp:
        yield Step("ramp", places, paced, turns=options.turns or _RAMP_TURNS)
    for places in options.concurrency:
        yield Step("instant streams", places, instant, seconds=options.seconds)
        yield Step("instant wholes", places, whole, seconds=options.seconds)


def _sides(stack: contextlib.ExitStack, folder: Path, gap_ms: float, without: Sequence[str]) -> list[Side]:
    """What is compared, the upstream itself first."""
    upstream = stack.enter_context(mock(folder, gap_ms))
    sides = [upstream]
    if "atelier" not in without:
        sides.append(stack.enter_context(atelier(folder, upstream.url)))
    if "litellm" not in without:
        try:
            sides.append(stack.enter_context(litellm(folder, upstream.url, Peers())))
        except PeerMissing as reason:
            print(f"left out: litellm: {reason}", file=sys.stderr, flush=True)
    return sides


async def measure(sides: Sequence[Side], steps: Sequence[Step], rounds: int, spread_s: float) -> list[Round]:
    """Every round, after each side has been asked a few times. Streams begin spread over `spread_s`."""
    upstream = sides[0]
    for side in sides:
        for step in (Step("", _WARM_UP, one, turns=2) for one in {step.question for step in steps}):
            warm = await _run(side, upstream, step, 0)
            if warm.failures:
                raise RuntimeError(f"{side.name} does not answer: {warm.failures[0]}")
    measured: list[Round] = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        done: Round = {}
        for k, step in enumerate(steps):
            first = (number + k) % len(sides)
            done[step] = {}
            for side in [*sides[first:], *sides[:first]]:
                done[step][side.name] = await _run(side, upstream, step, spread_s if step.turns else 0)
        measured.append(done)
    return measured


async def _run(side: Side, upstream: Side, step: Step, spread_s: float) -> Run:
    before = _cpu_s(side, upstream)
    got = await crowd(side.url, step.question, step.places, turns=step.turns, seconds=step.seconds, spread_s=spread_s)
    after = _cpu_s(side, upstream)
    first, whole = [one.first_s for one in got.answers], [one.whole_s for one in got.answers]
    return Run(
        requests=len(got.answers),
        tokens=len(got.answers) * step.question.tokens,
        failures=got.failures,
        seconds=got.took_s,
        first_p50=ms(first, 0.5),
        first_p99=ms(first, 0.99),
        whole_p50=ms(whole, 0.5),
        whole_p99=ms(whole, 0.99),
        cpu_s={name: after[name] - before[name] for name in before},
    )


def _cpu_s(side: Side, upstream: Side) -> dict[str, float]:
    own = psutil.Process().cpu_times()
    return {**side.cpu_s(), **upstream.cpu_s(), "client": own.user + own.system}


if __name__ == "__main__":
    main()
