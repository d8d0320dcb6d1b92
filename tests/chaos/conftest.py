"""A stack whose processes may be killed: gateway and diffusion, with the bus and object storage under them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Ready to make pictures."""
    running = Stack(tmp_path_factory.mktemp("chaos"), {"ATELIER_SERVICES": "gateway diffusion"})
    try:
        running.start(until="gateway")
        running.wait("diffusion", within_s=180)
        yield running
    finally:
        running.stop()


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Of the gateway."""
    async with httpx.AsyncClient(base_url=stack.url, timeout=60, trust_env=False) as client:
        yield client
