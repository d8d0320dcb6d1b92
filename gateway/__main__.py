"""`python -m gateway`: serve until SIGTERM or SIGINT, then let every stream end in order."""

import errno
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError

from gateway.app import create_app
from gateway.protocol import Protocol
from gateway.settings import GatewaySettings, load
from services.kit.failures import Failure
from services.kit.garbage import settle_garbage
from services.kit.telemetry import setup_logging

log = structlog.get_logger("gateway")

_WS_MESSAGE_BYTES = 64 * 1024


class Server(uvicorn.Server):
    """Uvicorn, except that live streams are told to end before it waits for them, and that a signal is no crash."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the listeners go, then wait for requests as usual."""
        app = self.config.app
        assert isinstance(app, FastAPI)
        parts = getattr(app.state, "parts", None)
        if parts is not None:
            parts.hub.drain()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Uvicorn raises the signal again in the end, so that a clean stop would look like a death by signal."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def bind(settings: GatewaySettings) -> socket.socket:
    """The listening socket; raises a failure that says what to do if that is not possible."""
    if not settings.loopback and not settings.tokens:
        raise Failure(
            f"Binding to {settings.host} would let anyone on the network act as the owner.",
            code="forbidden",
            hint="Set ATELIER_TOKENS, or bind to 127.0.0.1 (ATELIER_HOST).",
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        taken = error.errno == errno.EADDRINUSE
        raise Failure(
            f"Port {settings.port} on {settings.host} is taken." if taken else f"Cannot bind {settings.host}: {error}",
            code="unavailable",
            hint="Choose another with ATELIER_PORT (make run PORT=…), or 0 for any free one.",
        ) from error
    return listening


def main() -> None:
    """Run the gateway; exit code 0 after a clean stop, 1 if it could not start."""
    try:
        settings = load()
    except ValidationError as error:
        sys.exit(f"gateway: bad settings: {error}")
    setup_logging(settings.log_level, settings.log_format, service="gateway")
    try:
        listening = bind(settings)
    except Failure as failure:
        log.error("gateway_not_started", error=failure.message, hint=failure.hint)
        sys.exit(1)
    config = uvicorn.Config(
        create_app(settings),
        http=Protocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        ws_max_size=_WS_MESSAGE_BYTES,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)),
    )
    server = Server(config)
    host, port = listening.getsockname()[:2]
    settle_garbage()
    log.info("gateway_listening", url=f"http://{host}:{port}")
    uvloop.run(server.serve(sockets=[listening]))
    if not server.started:
        sys.exit(1)
    log.info("gateway_down")


if __name__ == "__main__":
    main()
