"""What a running gateway is made of, and how routes get at it."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from gateway.auth import Principal, principal
from gateway.catalog.database import Database
from gateway.completions import Completions
from gateway.jobs import Jobs
from gateway.loaded import Loaded
from gateway.problems import trace_id_of
from gateway.rate_limit import RateLimit
from gateway.registry import Registry
from gateway.settings import GatewaySettings
from gateway.streams import Hub
from gateway.suggestions.completing import Completer
from gateway.suggestions.learning import Learner
from gateway.thumbnails import Thumbnails
from services.kit.bus import Bus
from services.kit.call import CallClient
from services.kit.journal import Journal
from services.kit.objects import ObjectStore
from services.kit.secrets import SecretBox


@dataclass(frozen=True)
class Parts:
    """Everything a route may need; nothing in it is state that another copy of the gateway would miss."""

    settings: GatewaySettings
    database: Database
    bus: Bus
    objects: ObjectStore
    journal: Journal
    calls: CallClient
    hub: Hub
    jobs: Jobs
    thumbnails: Thumbnails
    registry: Registry
    loaded: Loaded
    rate_limit: RateLimit
    completions: Completions
    learner: Learner
    completer: Completer
    secrets: SecretBox
    background: tuple[asyncio.Task[None], ...]
    """What runs beside the requests; none of it ever ends by itself."""


async def parts(connection: HTTPConnection) -> Parts:
    """The parts of the app that serves this connection."""
    return connection.app.state.parts


async def traceparent(connection: HTTPConnection) -> str:
    """The request's place in its trace, to be passed on."""
    return connection.scope["state"]["traceparent"]


GatewayParts = Annotated[Parts, Depends(parts)]
Caller = Annotated[Principal, Depends(principal)]
Trace = Annotated[str, Depends(traceparent)]


@dataclass(frozen=True)
class Asker:
    """Who asks, and the request's place in its trace; for work that goes on after the route has returned."""

    owner_id: str
    traceparent: str
    trace_id: str


async def asker(connection: HTTPConnection, caller: Caller, trace: Trace) -> Asker:
    """Who sent this request."""
    return Asker(caller.owner_id, trace, trace_id_of(connection.scope))


Asking = Annotated[Asker, Depends(asker)]
