"""Owners' endpoints and routing: kept in the catalog and published on the bus, from where their health is heard."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import hashlib
import time
from typing import Any

import structlog
from nats.errors import Error as NatsError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from atelier.v1.endpoints_pb2 import Endpoint, EndpointHealth, EndpointStatus, OwnerEndpoints, Routing
from gateway.catalog import endpoints
from gateway.catalog.database import Database
from gateway.catalog.models import EndpointRow, now
from services.kit import subjects
from services.kit.bucket import BucketWatch, change
from services.kit.bus import Bus
from services.kit.contract import contract
from services.kit.failures import BadInput, Conflict, Failure, NotFound, Unavailable
from services.kit.ids import new_ulid
from services.kit.tasks import end

log = structlog.get_logger(__name__)

# The endpoint that Atelier runs itself; it stands in no table.
EMBEDDED = "embedded"
_MOST = 100
_TRIES = 10
_AGAIN_S = 1.0


class Registry:
    """What owners have registered. Every change is in the catalog first; the bus follows, if need be later."""

    def __init__(self, database: Database, bus: Bus) -> None:
        """Nothing is heard or published before `start`."""
        self._database = database
        self._bus = bus
        self._health: dict[str, EndpointHealth] = {}
        self._told: dict[str, tuple[bytes, tuple[str, ...]]] = {}
        self._watches = (
            BucketWatch(bus, subjects.HEALTH_BUCKET, EndpointHealth, self._on_health),
            BucketWatch(bus, subjects.ENDPOINTS_BUCKET, OwnerEndpoints, self._on_owner),
        )
        self._unpublished: set[str] = set()
        self._later = asyncio.Event()
        self._mending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Hear of health, and publish what the bus may not know."""
        for watch in self._watches:
            await watch.start()
        async with self._database.read() as session:
            self._unpublished |= await endpoints.owners(session)
        self._later.set()
        self._mending = asyncio.create_task(self._publish_later(), name="registry")

    async def stop(self) -> None:
        """End both."""
        for watch in self._watches:
            await watch.stop()
        await end(self._mending)

    def health(self, endpoint_id: str) -> EndpointHealth | None:
        """How an endpoint is, as last told by the chat service."""
        return self._health.get(endpoint_id)

    def standing(self, owner_id: str) -> bytes:
        """Stands for everything that decides who answers an owner: equal as long as nothing of it has changed."""
        digest, ids = self._told.get(owner_id, (b"", ()))
        now_s = time.time()
        away = [an_id for an_id in ids if an_id in self._health and _is_away(self._health[an_id], now_s)]
        return digest + ",".join(away).encode()

    async def of_owner(self, owner_id: str) -> list[EndpointRow]:
        """An owner's endpoints, oldest first."""
        async with self._database.read() as session:
            return list(await endpoints.of_owner(session, owner_id))

    async def get(self, owner_id: str, endpoint_id: str) -> EndpointRow:
        """One of them; raises `NotFound`."""
        async with self._database.read() as session:
            return await _found(session, owner_id, endpoint_id)

    async def add(self, owner_id: str, values: dict[str, Any]) -> EndpointRow:
        """Register one. The first of an owner becomes the active one, with the embedded one to fall back on."""
        moment = now()
        row = EndpointRow(id=new_ulid(), owner_id=owner_id, created_at=moment, updated_at=moment, **values)
        async with self._writing(owner_id) as session:
            before = await endpoints.of_owner(session, owner_id)
            if len(before) >= _MOST:
                raise Conflict(f"You have {_MOST} endpoints already.", hint="Delete one you no longer use.")
            session.add(row)
            if not before and not await endpoints.rules(session, owner_id):
                await endpoints.set_rules(session, owner_id, {"active": row.id, "fallback": [EMBEDDED]})
        return row

    async def change(self, owner_id: str, endpoint_id: str, values: dict[str, Any]) -> EndpointRow:
        """Change some fields of one; raises `NotFound`."""
        async with self._writing(owner_id) as session:
            row = await _found(session, owner_id, endpoint_id)
            for name, value in {**values, "updated_at": now()}.items():
                setattr(row, name, value)
        return row

    async def remove(self, owner_id: str, endpoint_id: str) -> None:
        """Delete one, and take it out of the routing; raises `NotFound`."""
        async with self._writing(owner_id) as session:
            await _found(session, owner_id, endpoint_id)
            await endpoints.remove(session, owner_id, endpoint_id)
            rules = await endpoints.rules(session, owner_id)
            if rules:
                await endpoints.set_rules(session, owner_id, _without(rules, endpoint_id))
        with contextlib.suppress(NatsError, TimeoutError):
            await (await self._bus.jetstream.key_value(subjects.HEALTH_BUCKET)).purge(endpoint_id)

    async def routing(self, owner_id: str) -> Routing:
        """How an owner's requests are routed, with defaults filled in."""
        async with self._database.read() as session:
            return await _routing(session, owner_id)

    async def set_routing(self, owner_id: str, routing: Routing) -> Routing:
        """Change it; raises `BadInput` naming a field that refers to no endpoint of the owner."""
        async with self._writing(owner_id) as session:
            known = {EMBEDDED, *(row.id for row in await endpoints.of_owner(session, owner_id))}
            _check(routing, known)
            await endpoints.set_rules(session, owner_id, contract.to_json(routing))
        return routing

    async def activate(self, owner_id: str, endpoint_id: str) -> Routing:
        """Let an endpoint answer from now on; the one before it is the first to fall back on. Raises `NotFound`."""
        async with self._writing(owner_id) as session:
            if endpoint_id != EMBEDDED:
                await _found(session, owner_id, endpoint_id)
            routing = await _routing(session, owner_id)
            before = routing.active or EMBEDDED
            if before != endpoint_id:
                fallback = [before, *(one for one in routing.fallback if one not in (before, endpoint_id))]
                routing.active = endpoint_id
                del routing.fallback[:]
                routing.fallback.extend(fallback[:16])
            await endpoints.set_rules(session, owner_id, contract.to_json(routing))
        return routing

    @contextlib.asynccontextmanager
    async def _writing(self, owner_id: str):
        """One transaction, published once it is committed."""
        try:
            async with self._database.write() as session:
                yield session
        except IntegrityError as error:
            raise BadInput.of("name", "you have an endpoint of this name already") from error
        try:
            await self._publish(owner_id)
        except (Failure, NatsError, TimeoutError) as error:
            # It is kept; the chat service hears of it as soon as the bus is back.
            log.warning("endpoints_not_published", owner=owner_id, error=str(error) or type(error).__name__)
            self._unpublished.add(owner_id)
            self._later.set()

    async def _publish(self, owner_id: str) -> None:
        """Put what the catalog has on the bus. Read after the revision it replaces, so of two copies that publish at
        once the one that read earlier gives way."""

        async def told(_: bytes) -> OwnerEndpoints:
            async with self._database.read() as session:
                rows = await endpoints.of_owner(session, owner_id)
                routing = await _routing(session, owner_id)
            return OwnerEndpoints(endpoints=[as_message(row) for row in rows], routing=routing)

        if not await change(self._bus, subjects.ENDPOINTS_BUCKET, owner_id, told, tries=_TRIES):
            raise Unavailable(f"the endpoints of {owner_id} change too often to be published")

    async def _publish_later(self) -> None:
        while True:
            await self._later.wait()
            self._later.clear()
            for owner_id in list(self._unpublished):
                try:
                    await self._publish(owner_id)
                except (Failure, NatsError, TimeoutError, SQLAlchemyError) as error:
                    log.warning("endpoints_not_published", owner=owner_id, error=str(error) or type(error).__name__)
                    self._later.set()
                    break
                self._unpublished.discard(owner_id)
            await asyncio.sleep(_AGAIN_S)

    def _on_owner(self, owner_id: str, told: OwnerEndpoints | None) -> None:
        if told is None:
            self._told.pop(owner_id, None)
            return
        digest = hashlib.blake2b(told.SerializeToString(deterministic=True), digest_size=16).digest()
        self._told[owner_id] = digest, tuple(endpoint.id for endpoint in told.endpoints)

    def _on_health(self, endpoint_id: str, health: EndpointHealth | None) -> None:
        if health is None:
            self._health.pop(endpoint_id, None)
        else:
            self._health[endpoint_id] = health


def _is_away(health: EndpointHealth, now_s: float) -> bool:
    return health.status == EndpointStatus.ENDPOINT_STATUS_OFFLINE or health.cooling_until.ToSeconds() > now_s


def as_message(row: EndpointRow) -> Endpoint:
    """A row as the chat service reads it."""
    return Endpoint(
        id=row.id,
        name=row.name,
        kind=f"ENDPOINT_KIND_{row.kind.upper()}",
        base_url=row.base_url,
        model=row.model,
        sealed_key=row.sealed_key,
        tags=row.tags,
        enabled=row.enabled,
    )


async def _found(session: AsyncSession, owner_id: str, endpoint_id: str) -> EndpointRow:
    row = await endpoints.get(session, owner_id, endpoint_id)
    if row is None:
        raise NotFound(f"There is no endpoint {endpoint_id}.")
    return row


async def _routing(session: AsyncSession, owner_id: str) -> Routing:
    kept = await endpoints.rules(session, owner_id)
    routing = contract.complete(contract.parse(Routing, kept))
    assert isinstance(routing, Routing)
    routing.active = routing.active or EMBEDDED
    return routing


def _check(routing: Routing, known: set[str]) -> None:
    references = [("active", routing.active or EMBEDDED)]
    references += [(f"fallback.{n}", one) for n, one in enumerate(routing.fallback)]
    references += [(f"task_rules.{n}.endpoint_id", rule.endpoint_id) for n, rule in enumerate(routing.task_rules)]
    for field, endpoint_id in references:
        if endpoint_id not in known:
            raise BadInput.of(field, f"there is no endpoint {endpoint_id!r}")


def _without(rules: dict[str, Any], endpoint_id: str) -> dict[str, Any]:
    kept = dict(rules)
    if kept.get("active") == endpoint_id:
        kept["active"] = EMBEDDED
    kept["fallback"] = [one for one in kept.get("fallback", ()) if one != endpoint_id]
    kept["task_rules"] = [rule for rule in kept.get("task_rules", ()) if rule.get("endpoint_id") != endpoint_id]
    return kept
