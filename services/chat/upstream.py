"""HTTP to one server.

Through aiohttp, because its parser is compiled: a streamed token costs 80 µs of one core where httpx takes 215, and on
a small machine that time is taken from the engine.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp.client_exceptions import UnixClientConnectorError

_CONNECT_S = 5.0
# Below the 5 s after which uvicorn, and with it vLLM, closes a connection nobody uses: a request sent at that very
# moment would be lost.
_KEEP_ALIVE_S = 4.0
_JSON = {"content-type": "application/json"}

# What can go wrong on the way. `NotThere` is a part of `Broken`: nothing was sent.
Broken = (aiohttp.ClientError, ConnectionError)
NotThere = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


def why_not_there(error: BaseException) -> str:
    """Why no connection came about, in words that can stand in the middle of a sentence."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"there is no host {error.host!r}"
        case aiohttp.ClientSSLError():
            return f"no secure connection to {error.host}:{error.port}: {error}"
        case UnixClientConnectorError():
            return "its process does not listen"
        case aiohttp.ClientConnectorError():
            return f"nothing answers at {error.host}:{error.port}"
        case _:
            return f"no connection within {_CONNECT_S:g} s"


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
        self._responses: set[aiohttp.ClientResponse] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

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

    @contextlib.asynccontextmanager
    async def request(self, path: str, body: bytes | None = None) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response to a GET, or to a POST if there is a body, once its head is there.

        Leaving the block before the response's end closes the connection. Raises `Broken`, also in whoever reads when
        `aclose` is called.
        """
        if self._closed:
            raise aiohttp.ClientConnectionError("closed")
        session, url = self._opened(), self._base_url + path
        if body is None:
            response = await session.get(url, allow_redirects=False)
        else:
            response = await session.post(url, data=body, headers=_JSON, allow_redirects=False)
        self._responses.add(response)
        self._idle.clear()
        try:
            yield response
        finally:
            self._responses.discard(response)
            if not self._responses:
                self._idle.set()
            response.close()

    async def fetch(self, path: str, *, body: bytes | None = None, within_s: float) -> Fetched:
        """The whole response. Raises `Broken`, `TimeoutError`."""
        async with asyncio.timeout(within_s), self.request(path, body) as response:
            return Fetched(response.status, response.headers, await response.read())

    async def idle(self) -> None:
        """Wait until no response is being read."""
        await self._idle.wait()

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        # aiohttp does not wake those who read from a connection that is closed beneath them (3.14).
        for response in tuple(self._responses):
            response.close()
        if self._session is not None:
            await self._session.close()
