"""Is it up, can it work, how does it do."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from fastapi import Response
from nats.errors import Error as NatsError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import PlainTextResponse

from gateway import VERSION
from gateway.routing import router
from gateway.schemas import Check, Health, Readiness
from gateway.state import GatewayParts
from services.kit.failures import Failure, Unavailable

routes = router("health")

_CHECK_S = 3.0


@routes.get("/health", operation_id="health", summary="Say who answers")
async def health() -> Health:
    """Answers as soon as the gateway serves requests, whatever else is up."""
    return Health(version=VERSION)


@routes.get(
    "/livez",
    operation_id="livez",
    summary="Liveness",
    response_class=PlainTextResponse,
    responses={500: {"content": {"text/plain": {}}, "description": "A part of it died; start it again."}},
)
async def livez(parts: GatewayParts) -> PlainTextResponse:
    """The process serves requests and its background tasks run; nothing outside is looked at."""
    dead = [task.get_name() for task in parts.background if task.done()]
    return PlainTextResponse(f"dead: {', '.join(dead)}\n", 500) if dead else PlainTextResponse("ok\n")


@routes.get(
    "/readyz",
    operation_id="readyz",
    summary="Readiness",
    responses={503: {"model": Readiness, "description": "Something is away; `checks` says what."}},
)
async def readyz(parts: GatewayParts, response: Response) -> Readiness:
    """Bus, catalog and object storage answer. Models may still be loading: requests for them say so themselves."""
    names = ("bus", "catalog", "objects")

    async def bus() -> None:
        # While it reconnects, the client's flush returns at once as if all were well.
        if not parts.bus.connected:
            raise Unavailable("The connection to the bus is lost.")
        await parts.bus.client.flush(timeout=int(_CHECK_S))

    checks = await asyncio.gather(_check(bus), _check(parts.database.ready), _check(parts.objects.ready))
    ready = all(check.ok for check in checks)
    if not ready:
        response.status_code = 503
    return Readiness(status="ready" if ready else "unready", checks=dict(zip(names, checks, strict=True)))


async def _check(answer: Callable[[], Awaitable[None]]) -> Check:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_CHECK_S):
            await answer()
    except (NatsError, Failure, SQLAlchemyError, OSError, TimeoutError) as error:
        return Check(ok=False, detail=str(error).splitlines()[0] if str(error) else "does not answer in time")
    return Check(ok=True, latency_ms=round((time.perf_counter() - started) * 1000, 2))


@routes.get(
    "/metrics",
    operation_id="metrics",
    summary="Prometheus metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics() -> Response:
    """In Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
