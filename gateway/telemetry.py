"""The outermost layer: request and trace ids, metrics, a log line per request, the last word on unforeseen errors."""

import re
import time
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.metrics import REQUESTS, REQUESTS_OPEN, RESPONSE_START_SECONDS
from gateway.problems import respond
from services.kit.failures import Failure
from services.kit.ids import new_ulid
from services.kit.telemetry import new_traceparent, trace_id

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"^[\x21-\x7e]{1,128}$")
# Probes and scrapes come every few seconds and say nothing.
_QUIET = frozenset({"/livez", "/readyz", "/metrics", "/health"})


class Telemetry:
    """Wraps the whole app."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                _begin(scope)
            await self._app(scope, receive, send)
            return
        request_id = _begin(scope)
        started = time.perf_counter()
        status = 0
        start_s = 0.0

        async def observed(message: Message) -> None:
            nonlocal status, start_s
            if message["type"] == "http.response.start":
                status = message["status"]
                start_s = time.perf_counter() - started
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        REQUESTS_OPEN.inc()
        with structlog.contextvars.bound_contextvars(trace_id=scope["state"]["trace_id"], request_id=request_id):
            try:
                await self._app(scope, receive, observed)
            except ClientDisconnect:
                status = status or 499
            except Exception as error:
                log.exception("request_raised", method=scope["method"], path=scope["path"])
                if status:
                    raise
                await respond(scope, _internal(error))(scope, receive, observed)
            finally:
                REQUESTS_OPEN.dec()
                _record(scope, status, start_s or time.perf_counter() - started, time.perf_counter() - started)


def _begin(scope: Scope) -> str:
    """Give the request its ids; returns the request id."""
    headers = dict(scope["headers"])
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    request_id = given if _REQUEST_ID.match(given) else new_ulid()
    traceparent = new_traceparent(headers.get(b"traceparent", b"").decode("latin-1"))
    state: dict[str, Any] = scope.setdefault("state", {})
    state |= {"request_id": request_id, "traceparent": traceparent, "trace_id": trace_id(traceparent)}
    return request_id


def _internal(error: Exception) -> Failure:
    return Failure(
        f"Something unforeseen went wrong ({type(error).__name__}).",
        code="internal",
        hint="This is a fault in the server, not in the request; its log has the details under this trace id.",
    )


def _record(scope: Scope, status: int, start_s: float, total_s: float) -> None:
    route = getattr(scope.get("route"), "path", None) or "unmatched"
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(route, method, str(status)).inc()
    RESPONSE_START_SECONDS.labels(route, method).observe(start_s)
    if scope["path"] not in _QUIET:
        log.info(
            "request",
            method=method,
            path=scope["path"],
            route=route,
            status=status,
            start_ms=round(start_s * 1000, 1),
            total_ms=round(total_s * 1000, 1),
            client=(scope.get("client") or ("",))[0],
        )


# Anyone may invent a method; metrics must not grow a series for it.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
