"""Chat through the gateway against the same vLLM asked directly, in turns: `python -m tests.bench.chat --help`.

Every request goes out twice, once each way and in changing order, so that a slow moment of the machine hits both. The
way through Atelier is HTTP → gateway → bus → chat service → vLLM's socket; the direct way is that socket alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tests.bench.openai_client import Answer, Connection, Server
from tests.stack import Stack

MODEL = "smollm2-135m-instruct"
CROWD = 16
_FIRST_TOKENS = 8
_WARM_UP = 4


@dataclass(frozen=True)
class FirstToken:
    """Milliseconds to the first content token of requests that are alone."""

    direct_p50: float
    direct_p99: float
    gateway_p50: float
    gateway_p99: float
    added_p50: float
    """Median of the differences within the pairs."""
    added_p99: float
    """Difference of the two 99th percentiles."""


@dataclass(frozen=True)
class Throughput:
    """Tokens a second at some concurrency, medians over the rounds."""

    concurrency: int
    direct: float
    gateway: float
    ratio: float
    """Median of the ratios within the rounds."""
    cpu_us: Mapping[str, float]
    """CPU microseconds a token costs, by process, of the way through the gateway."""


def main() -> None:
    """Starts a stack, measures, prints a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200, help="requests each way for the time to the first token")
    parser.add_argument("--rounds", type=int, default=5, help="rounds each way for the throughput")
    parser.add_argument("--tokens", type=int, default=64, help="tokens of each answer in them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="atelier-bench-chat-") as folder:
        # The embedding model answers nobody here.
        stack = Stack(Path(folder), {"ATELIER_SERVICES": "gateway chat", "ATELIER_EMBEDDING_ENABLED": "false"})
        try:
            stack.start()
            stack.wait_chat(600)
            asyncio.run(measure(stack, options.pairs, options.rounds, options.tokens))
        finally:
            stack.stop()


async def measure(stack: Stack, pairs: int, rounds: int, tokens: int) -> None:
    """Both parts, against a stack whose language model is ready."""
    direct, gateway = Server("direct", engine_socket(stack)), Server("gateway", stack.url)
    for server in (direct, gateway):
        await _crowd(server, _WARM_UP, 16, f"{server.name} warm-up")
    first = await first_token(direct, gateway, pairs)
    through = [await throughput(stack, direct, gateway, n, rounds, tokens) for n in (1, CROWD)]
    print(table(first, through))
    print(json.dumps({"chat": {"first_token_ms": asdict(first), "throughput": [asdict(t) for t in through]}}))


def engine_socket(stack: Stack) -> str:
    """The Unix socket of the stack's vLLM. Raises RuntimeError when none runs."""
    for process in stack.process("chat").children(recursive=True):
        words = process.cmdline()
        if "--uds" in words and "--served-model-name" in words:
            return words[words.index("--uds") + 1]
    raise RuntimeError("the chat service has no vLLM")


async def first_token(direct: Server, gateway: Server, pairs: int) -> FirstToken:
    """One request at a time."""
    seconds: dict[str, list[float]] = {direct.name: [], gateway.name: []}
    for k in range(pairs):
        for server in (direct, gateway) if k % 2 else (gateway, direct):
            # No two prompts begin alike, or the second would be answered out of the engine's prefix cache.
            prompt = f"{k} {server.name}: tell me about the number {k}."
            connection = await server.connect()
            answer = await connection.chat(MODEL, prompt, _FIRST_TOKENS)
            connection.close()
            seconds[server.name].append(answer.first_s)
    ours, theirs = seconds[gateway.name], seconds[direct.name]
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    return FirstToken(
        direct_p50=_ms(theirs, 0.5),
        direct_p99=_ms(theirs, 0.99),
        gateway_p50=_ms(ours, 0.5),
        gateway_p99=_ms(ours, 0.99),
        added_p50=_ms(differences, 0.5),
        added_p99=_ms(ours, 0.99) - _ms(theirs, 0.99),
    )


async def throughput(
    stack: Stack, direct: Server, gateway: Server, concurrency: int, rounds: int, tokens: int
) -> Throughput:
    """`concurrency` requests at all times, in rounds of some seconds."""
    rates: dict[str, list[float]] = {direct.name: [], gateway.name: []}
    costs: list[Mapping[str, float]] = []
    for k in range(rounds):
        for server in (direct, gateway) if k % 2 else (gateway, direct):
            before, began = _cpu(stack), time.perf_counter()
            answers = await _crowd(server, concurrency, tokens, f"{k} {server.name} {concurrency}")
            written = sum(answer.tokens for answer in answers)
            rates[server.name].append(written / (time.perf_counter() - began))
            if server is gateway:
                after = _cpu(stack)
                costs.append({name: (after[name] - before[name]) / written * 1e6 for name in before})
    ratios = [a / b for a, b in zip(rates[gateway.name], rates[direct.name], strict=True)]
    return Throughput(
        concurrency,
        statistics.median(rates[direct.name]),
        statistics.median(rates[gateway.name]),
        statistics.median(ratios),
        {name: statistics.median(cost[name] for cost in costs) for name in costs[0]},
    )


async def _crowd(server: Server, concurrency: int, tokens: int, about: str) -> list[Answer]:
    """Every place of the crowd asks three times, one after the other; alone, three times three."""
    turns = 3 if concurrency > 1 else 9
    connections = [await server.connect() for _ in range(concurrency)]

    async def place(number: int, connection: Connection) -> list[Answer]:
        return [await connection.chat(MODEL, f"{about} {number} {turn}: go on.", tokens) for turn in range(turns)]

    answers = await asyncio.gather(*(place(n, connection) for n, connection in enumerate(connections)))
    for connection in connections:
        connection.close()
    return [answer for several in answers for answer in several]


def _cpu(stack: Stack) -> dict[str, float]:
    """CPU seconds so far of what stands between a client and vLLM."""
    seconds: dict[str, float] = {}
    for name in ("gateway", "nats", "chat"):
        times = stack.process(name).cpu_times()
        seconds[name] = times.user + times.system
    own = psutil.Process().cpu_times()
    return seconds | {"client": own.user + own.system}


def _ms(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3, 2)


def table(first: FirstToken, through: Sequence[Throughput]) -> str:
    """For a person and for Markdown."""
    lines = [
        "| time to first token, one at a time | p50 ms | p99 ms |",
        "|---|---:|---:|",
        f"| vLLM directly | {first.direct_p50:.1f} | {first.direct_p99:.1f} |",
        f"| through the gateway | {first.gateway_p50:.1f} | {first.gateway_p99:.1f} |",
        f"| added | {first.added_p50:.1f} | {first.added_p99:.1f} |",
        "",
        "| concurrency | vLLM directly, tokens/s | through the gateway | ratio | CPU µs a token |",
        "|---:|---:|---:|---:|---|",
    ]
    for t in through:
        cpu = ", ".join(f"{name} {microseconds:.0f}" for name, microseconds in t.cpu_us.items())
        lines.append(f"| {t.concurrency} | {t.direct:.1f} | {t.gateway:.1f} | {t.ratio:.3f} | {cpu} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
