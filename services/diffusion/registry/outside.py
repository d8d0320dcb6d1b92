"""HTTP to addresses that strangers name: never to this machine or its network, wherever a name or a redirect points.

The address is checked where the connection is made, and that very address is connected to, so a name that resolves
differently a moment later changes nothing (DNS rebinding).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Iterable
from typing import Any

import httpcore
import httpx

from services.kit.failures import BadInput

_TIMEOUT = httpx.Timeout(30, connect=10)


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to public addresses, and to the hosts the operator allows."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, allowed: Collection[str]) -> None:
        self._inner = inner
        self._allowed = allowed

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = host if host in self._allowed else await _public(host, port)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Transport(httpx.AsyncHTTPTransport):
    """Refuses plain HTTP, which anyone on the way can change, except to allowed hosts."""

    def __init__(self, allowed: Collection[str]) -> None:
        super().__init__()
        self._allowed = allowed
        # httpx has no argument for what its own pool connects by.
        pool: Any = self._pool
        pool._network_backend = _Checked(pool._network_backend, allowed)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme != "https" and request.url.host not in self._allowed:
            raise BadInput.of("source", f"leads to {request.url.scheme}://{request.url.host}; only https is followed")
        return await super().handle_async_request(request)


def client(allowed: Collection[str] = ()) -> httpx.AsyncClient:
    """A client for addresses that strangers name; `allowed` are hosts that may be private or without TLS."""
    return httpx.AsyncClient(transport=_Transport(allowed), timeout=_TIMEOUT, follow_redirects=True, max_redirects=5)


async def _public(host: str, port: int) -> str:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"there is no host {host}: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not ipaddress.ip_address(address.partition("%")[0]).is_global:
            raise BadInput.of(
                "source",
                f"{host} is an address of this machine or its network",
                hint="An operator can allow it: ATELIER_DIFFUSION_IMPORT_HOSTS.",
            )
    return addresses[0]
