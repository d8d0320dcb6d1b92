"""`/livez`, `/readyz` and `/metrics` of a service process, on a port of their own."""

import asyncio
import contextlib
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

_REQUEST_S = 5.0


class Probes:
    """A few lines of HTTP/1.0: what kubelet and Prometheus ask needs no web framework in every service."""

    def __init__(self, why_not_ready: Callable[[], str]) -> None:
        """`why_not_ready()` gives the reason, or "" when ready."""
        self._why_not_ready = why_not_ready
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_REQUEST_S):
                request = await reader.readuntil(b"\r\n\r\n")
                parts = request.split(b" ", 2)
                status, kind, body = self._answer(parts[1].decode("latin-1") if len(parts) > 1 else "")
                head = f"HTTP/1.0 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()

    def _answer(self, path: str) -> tuple[str, str, bytes]:
        path = path.partition("?")[0]
        if path == "/livez":
            return "200 OK", "text/plain", b"ok\n"
        if path == "/readyz":
            reason = self._why_not_ready()
            return (
                ("503 Service Unavailable", "text/plain", reason.encode())
                if reason
                else ("200 OK", "text/plain", b"ok\n")
            )
        if path == "/metrics":
            return "200 OK", CONTENT_TYPE_LATEST, generate_latest()
        return "404 Not Found", "text/plain", b"try /livez, /readyz or /metrics\n"
