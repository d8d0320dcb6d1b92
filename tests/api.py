"""What most tests do through the API: submit a job, wait for something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

# A machine that runs other suites besides is slow; a test that passes does not wait for this.
PATIENCE_S = 120.0
ENDED = ("completed", "failed", "cancelled")


async def submit(client: httpx.AsyncClient, prompt: str = "a red apple", **fields: Any) -> dict[str, Any]:
    """Submits a text-to-image job and returns it; what was made before is made again."""
    asked = {"prompt": prompt, "seed": 42, "fresh": True, **fields}
    response = await client.post("/api/generate/text-to-image", json=asked)
    assert response.status_code == 202, response.text
    return response.json()


async def ended(client: httpx.AsyncClient, job_id: str, within_s: float = 20.0) -> dict[str, Any]:
    """The job once the catalog knows that it has ended. Raises TimeoutError when that takes longer."""

    async def look() -> dict[str, Any] | None:
        job = (await client.get(f"/api/jobs/{job_id}")).json()
        return job if job["status"] in ENDED else None

    return await until(look, within_s)


async def until(look: Callable[[], Awaitable[T | None]], within_s: float = 20.0) -> T:
    """What `look` gives as soon as that is something. Raises TimeoutError when that takes longer."""
    async with asyncio.timeout(within_s):
        while not (found := await look()):  # noqa: ASYNC110  # the other side is a server, it sets no event
            await asyncio.sleep(0.02)
    return found
