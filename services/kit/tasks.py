"""End background tasks for certain."""

import asyncio
import contextlib
from typing import Any

_AGAIN_S = 0.5


async def end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel tasks and wait until they are over; what they raise is dropped.

    A single `cancel` can get lost: `asyncio.wait_for`, on which the NATS client stands, swallows it when its own
    result comes in the same turn of the loop (python/cpython#86296, mended in 3.12). So it is repeated.
    """
    left = {task for task in tasks if task is not None}
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=_AGAIN_S)
        for task in done:
            with contextlib.suppress(asyncio.CancelledError):
                task.exception()
