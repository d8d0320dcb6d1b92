"""HTTP to one server.

Through aiohttp, because its parser is compiled: a streamed token costs 80 µs of one core where httpx takes 215, and on
a small machine that time is taken from the engine.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

_CONNECT_S = 5.0
# Below the 5 s after which uvicorn, and with it vLLM, closes a connection nobody uses: a request sent at that very
# moment would be lost.
_KEEP_ALIVE_S = 4.0

# What can go wrong on the way. `NotThere` is a part of `Broken`: nothing was sent.
Broken = (aiohttp.ClientError, ConnectionError)
NotThere = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


@dataclass(frozen=True)
class Fetched:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Upstream:
    """One server; connections are kept and used again.

    `base_url` ends where the paths given to the methods begin. With `socket` the host in it is not looked up.
    """

    def __init__(self, base_url: str, *, socket: Path | None = None, headers: Mapping[str, str] | None = None) -> None:
        """Nothing is connected yet."""
        self._base_url = base_url.rstrip("/") + "/"
        self._socket = socket
        self._headers = {"accept-encoding": "identity", **(headers or {})}
        self._session: aiohttp.ClientSession | None = None

    def _opened(self) -> aiohttp.ClientSession:
        # Not before a loop runs, which is when the first request is made.
        if self._session is None:
            limits = {"limit": 0, "keepalive_timeout": _KEEP_ALIVE_S}
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(self._socket), **limits)
                if self._socket is not None
                else aiohttp.TCPConnector(**limits),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            )
        return self._session

    async def post(self, path: str, body: bytes) -> aiohttp.ClientResponse:
        """The response once its head is there; closing it before its end closes the connection. Raises `Broken`."""
        return await self._opened().post(
            self._base_url + path, data=body, headers={"content-type": "application/json"}, allow_redirects=False
        )

    async def fetch(self, path: str, *, body: bytes | None = None, within_s: float) -> Fetched:
        """The whole response to a GET, or to a POST if there is a body. Raises `Broken`, `TimeoutError`."""
        async with asyncio.timeout(within_s):
            if body is not None:
                response = await self.post(path, body)
            else:
                response = await self._opened().get(self._base_url + path, allow_redirects=False)
            async with response:
                return Fetched(response.status, response.headers, await response.read())

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
