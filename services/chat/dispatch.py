"""Carries out a plan: asks one endpoint after the other until one gives its first content, and passes its answer on."""

import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence

import structlog

from services.chat.answer import Reply
from services.chat.endpoint import Timing
from services.chat.routing import Candidate, Plan, Rules, consequence
from services.kit.failures import Attempt, Failure, Unavailable

log = structlog.get_logger(__name__)

Frames = AsyncGenerator[list[bytes], None]
Ask = Callable[[Candidate, Timing], Frames]
OnFailure = Callable[[Candidate, Failure, float], None]


async def dispatch(plan: Plan, rules: Rules, reply: Reply, ask: Ask, on_failure: OnFailure) -> Frames:
    """The frames of whoever answers first in the plan's order; nothing is asked of two at once.

    Until the first content nothing is given out, so until then the next one can take over; `reply` learns who answers
    and of each attempt; `ask` tells it the model. `on_failure(candidate, failure, cool_s)` is told of every failure
    that says something about the endpoint. Raises the failure if one endpoint was asked, else one that names every
    attempt with its reason; either holds the attempts.
    """
    reply.attempts += [Attempt(one.name, one.outcome, 0, one.detail) for one in plan.passed]
    failures: list[Failure] = []
    for candidate in plan.candidates:
        tried = 0
        while True:
            tried += 1
            timing = Timing(time.monotonic())
            async with contextlib.aclosing(ask(candidate, timing)) as frames:
                try:
                    first = await anext(frames)
                except Failure as failure:
                    told = consequence(failure, rules, tried=tried)
                    attempt = Attempt(candidate.name, failure.code, timing.elapsed_ms, failure.message)
                    reply.attempts.append(attempt)
                    log.info("endpoint_failed", endpoint=candidate.name, code=failure.code, error=failure.message)
                    failures.append(failure)
                    if told.cool_s:
                        on_failure(candidate, failure, told.cool_s)
                    if told.again:
                        continue
                    if told.next:
                        break
                    failure.attempts = tuple(reply.attempts)
                    raise
                reply.answered(candidate, timing)
                yield first
                try:
                    async for batch in frames:
                        yield batch
                except Failure as failure:
                    # What was given out cannot be taken back; the next request goes elsewhere.
                    on_failure(candidate, failure, consequence(failure, rules, tried=rules.retries + 1).cool_s)
                    raise
                return
    raise _nobody(failures, reply.attempts)


def _nobody(failures: Sequence[Failure], attempts: Sequence[Attempt]) -> Failure:
    if len({attempt.endpoint for attempt in attempts}) == 1:
        failures[-1].attempts = tuple(attempts)
        return failures[-1]
    waits = [failure.retry_after_s for failure in failures if failure.retry_after_s is not None]
    told = "; ".join(f"{attempt.endpoint}: {attempt.message or attempt.outcome}" for attempt in attempts)
    return Unavailable(
        f"no endpoint could answer. {told}",
        code="all_failed",
        hint="Look at Models → Endpoints; each can be tested there.",
        retry_after_s=min(waits, default=None),
        attempts=tuple(attempts),
    )
