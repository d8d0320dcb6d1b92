"""How a job system is measured: from outside, by whoever submits. Standard library and psutil only."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass

import psutil

# Submissions under way at once while the queue is filled.
IN_FLIGHT = 256
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Load:
    """What one run asks for."""

    jobs: int
    """Jobs of the burst, whose rate is taken."""
    rate: float
    """Jobs a second of the paced part, whose latency is taken."""
    seconds: float
    """Length of the paced part."""
    pids: tuple[int, ...] = ()
    """Processes (with their children) whose CPU time is reported: worker, server."""

    @staticmethod
    def of(text: str) -> Load:
        """From the JSON the orchestrator gives."""
        given = json.loads(text)
        return Load(given["jobs"], given["rate"], given["seconds"], tuple(given["pids"]))


@dataclass(frozen=True)
class Figures:
    """What one run showed."""

    jobs_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us_per_job: tuple[float, ...]
    """CPU microseconds a job of the burst cost: each of `Load.pids`, then the submitter."""


class Finish:
    """Hears which jobs are done."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._wanted = 0
        self._all = asyncio.Event()

    def done(self, job: str) -> None:
        """The terminal event of a job arrived; the first one counts."""
        self._at.setdefault(job, time.perf_counter())
        if len(self._at) >= self._wanted:
            self._all.set()

    async def wait(self, jobs: Sequence[str]) -> dict[str, float]:
        """When each was done; raises TimeoutError if some never are."""
        self._wanted = len(jobs)
        if len(self._at) < self._wanted:
            self._all.clear()
            async with asyncio.timeout(_PATIENCE_S):
                await self._all.wait()
        at, self._at = self._at, {}
        return at


async def measure(
    load: Load, finish: Finish, new_id: Callable[[], str], submit: Callable[[str], Awaitable[object]]
) -> Figures:
    """A warm-up, a burst, then a steady trickle."""
    await _burst(min(load.jobs, 300), finish, new_id, submit)
    before = _cpu(load.pids)
    took = await _burst(load.jobs, finish, new_id, submit)
    cpu = tuple((b - a) / load.jobs * 1e6 for a, b in zip(before, _cpu(load.pids), strict=True))
    latencies = sorted(await _trickle(load, finish, new_id, submit))
    return Figures(
        load.jobs / took,
        latencies[len(latencies) // 2] * 1e3,
        latencies[int(len(latencies) * 0.99)] * 1e3,
        cpu,
    )


async def _burst(
    jobs: int, finish: Finish, new_id: Callable[[], str], submit: Callable[[str], Awaitable[object]]
) -> float:
    ids = [new_id() for _ in range(jobs)]
    waiting = iter(ids)

    async def submitter() -> None:
        for job in waiting:
            await submit(job)

    start = time.perf_counter()
    await asyncio.gather(*(submitter() for _ in range(IN_FLIGHT)))
    done = await finish.wait(ids)
    return max(done.values()) - start


async def _trickle(
    load: Load, finish: Finish, new_id: Callable[[], str], submit: Callable[[str], Awaitable[object]]
) -> list[float]:
    started: dict[str, float] = {}
    tasks: list[asyncio.Task[object]] = []

    async def one(job: str) -> object:
        started[job] = time.perf_counter()
        return await submit(job)

    begin = time.perf_counter()
    for k in range(int(load.rate * load.seconds)):
        await asyncio.sleep(max(0.0, begin + k / load.rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(new_id())))
    await asyncio.gather(*tasks)
    done = await finish.wait(list(started))
    return [done[job] - started[job] for job in started]


def _cpu(pids: Sequence[int]) -> tuple[float, ...]:
    own = psutil.Process().cpu_times()
    return (*(_cpu_of(pid) for pid in pids), own.user + own.system)


def _cpu_of(pid: int) -> float:
    process = psutil.Process(pid)
    times = [p.cpu_times() for p in (process, *process.children(recursive=True))]
    return sum(t.user + t.system for t in times)


def report(figures: Figures) -> None:
    """Print the figures for the orchestrator."""
    print(json.dumps(asdict(figures)))
    sys.stdout.flush()
