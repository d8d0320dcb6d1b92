"""Server-sent events as a client reads them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Heard:
    """One event; `id` is None for those that cannot be resumed after."""

    event: str
    data: Any
    id: int | None


async def events(response: httpx.Response) -> AsyncIterator[Heard]:
    """The events of a stream, comments left out."""
    name, data, number = "message", "", None
    async for line in response.aiter_lines():
        if not line:
            if data:
                yield Heard(name, json.loads(data), number)
            name, data, number = "message", "", None
        elif line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data += line[6:]
        elif line.startswith("id: "):
            number = int(line[4:])


async def heard(client: httpx.AsyncClient, path: str, **options: Any) -> list[Heard]:
    """All events of a stream that ends by itself."""
    async with client.stream("GET", path, **options) as response:
        assert response.status_code == 200, await response.aread()
        return [event async for event in events(response)]
