"""How quickly does an endpoint answer, one request alone and several at once?"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from atelier.v1.chat_pb2 import ChatCompletionRequest
from atelier.v1.endpoints_pb2 import BenchmarkLevel
from services.kit.failures import Failure
from services.kit.job import Job

T = TypeVar("T")

LEVELS = (1, 4, 16)
# Requests of one level: enough for a median, few enough for a slow machine.
_FEWEST = 3
_LOOK_S = 0.25


@dataclass(frozen=True)
class Sample:
    """One answer; times in ms, `tokens` written."""

    first_token_ms: float
    latency_ms: float
    tokens: int
    estimated: bool


# Asks the n-th question. Raises `Failure`.
Ask = Callable[[int], Awaitable[Sample]]


async def measure(job: Job, levels: Sequence[int], ask: Ask) -> list[BenchmarkLevel]:
    """One measurement per level, the first request of all as a warm-up. Raises `Failure` if that fails, `Cancelled` if
    the job was told to end."""
    total = sum(_requests(level) for level in levels)
    done = 0

    async def told(number: int, level: int) -> Sample | Failure:
        nonlocal done
        try:
            found = await ask(number)
        except Failure as failure:
            found = failure
        done += 1
        await job.progress(done / total, stage=f"{level} at once", message=f"{done} of {total} answers", steps=total)
        return found

    await _watched(job, ask(0))
    found = list[BenchmarkLevel]()
    number = 0
    for level in levels:
        room = asyncio.Semaphore(level)

        async def one(number: int, level: int = level, room: asyncio.Semaphore = room) -> Sample | Failure:
            async with room:
                return await told(number, level)

        numbers = range(number + 1, number + 1 + _requests(level))
        number += len(numbers)
        started = time.perf_counter()
        samples = await _watched(job, asyncio.gather(*(one(n) for n in numbers)))
        found.append(summed_up(level, samples, time.perf_counter() - started))
    return found


def question(job_id: str, number: int, *, tokens: int) -> ChatCompletionRequest:
    """The n-th of a job. No two begin alike, or the second would be answered out of the engine's prefix cache."""
    asked = ChatCompletionRequest(stream=True, max_tokens=tokens, temperature=0.7)
    words = f"{number} {job_id}: tell me a long story about the number {number}."
    asked.messages.add(role="user").content.string_value = words
    return asked


def _requests(level: int) -> int:
    return max(_FEWEST, level)


async def _watched(job: Job, work: Awaitable[T]) -> T:
    """Ends the work when the job is told to end."""
    task = asyncio.ensure_future(work)
    try:
        while True:
            await asyncio.wait({task}, timeout=_LOOK_S)
            if task.done():
                return task.result()
            job.check()
    finally:
        task.cancel()


def summed_up(level: int, samples: Sequence[Sample | Failure], seconds: float) -> BenchmarkLevel:
    """The figures of one level that took so many seconds. Pure."""
    good = [sample for sample in samples if isinstance(sample, Sample)]
    found = BenchmarkLevel(concurrency=level, requests=len(samples), failed=len(samples) - len(good))
    if good:
        first = sorted(sample.first_token_ms for sample in good)
        found.first_token_p50_ms = statistics.median(first)
        found.first_token_p95_ms = first[min(len(first) - 1, int(len(first) * 0.95))]
        found.latency_p50_ms = statistics.median(sample.latency_ms for sample in good)
        found.tokens_per_s = sum(sample.tokens for sample in good) / seconds
        found.estimated = any(sample.estimated for sample in good)
    return found
