"""Clients of the one running stack, and of a second gateway beside its own that knows two owners."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from infra.local.options import ROOT
from infra.local.ports import free_port
from tests.api import PATIENCE_S
from tests.processes import ServerProcess
from tests.servers import answers
from tests.stack import Stack

TOKENS = {"token-of-ann": "ann", "token-of-bob": "bob"}


def client_of(url: str, token: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE_S, trust_env=False)


@pytest.fixture
async def studio(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """The person at this machine: local mode asks for no token."""
    async with client_of(stack.url) as client:
        yield client


@pytest.fixture(scope="session")
def second_gateway(stack: Stack) -> Iterator[str]:
    """URL of another copy of the gateway on the stack's bus, storage and catalog; it wants a token."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**stack.environment(), "ATELIER_PORT": str(port), "ATELIER_TOKENS": json.dumps(TOKENS)}
    process = ServerProcess(
        [sys.executable, "-m", "gateway"],
        stack.home / "logs" / "second-gateway.log",
        ready=lambda: answers(f"{url}/readyz"),
        environment=environment,
        folder=ROOT,
    )
    process.start()
    yield url
    process.stop()


@pytest.fixture
async def ann(second_gateway: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the owner ann."""
    async with client_of(second_gateway, "token-of-ann") as client:
        yield client


@pytest.fixture
async def bob(second_gateway: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the owner bob."""
    async with client_of(second_gateway, "token-of-bob") as client:
        yield client
