"""Every owner's endpoints, how each is and the way to it, as this process knows it from the bus."""

import asyncio
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from atelier.v1.endpoints_pb2 import Endpoint as Registered
from atelier.v1.endpoints_pb2 import EndpointHealth, EndpointModel, OwnerEndpoints, Routing
from atelier.v1.endpoints_pb2 import EndpointStatus as Status
from services.chat.dialects import dialect, is_local
from services.chat.endpoint import Endpoint, Limits
from services.chat.health import Target, cooled, seconds
from services.chat.routing import EMBEDDED, Health, Known, Rules
from services.kit import subjects
from services.kit.bucket import BucketWatch
from services.kit.bus import Bus
from services.kit.failures import Failure, Unavailable
from services.kit.secrets import SecretBox
from services.kit.tasks import end

log = structlog.get_logger(__name__)

_HEALTH: dict[int, Health] = {
    Status.ENDPOINT_STATUS_HEALTHY: "healthy",
    Status.ENDPOINT_STATUS_DEGRADED: "degraded",
    Status.ENDPOINT_STATUS_OFFLINE: "offline",
}


@dataclass
class _Connected:
    """A registered endpoint and the way to it, made when it is first asked for."""

    registered: Registered
    local: bool
    way: Endpoint | None = None


@dataclass
class _Owner:
    rules: Rules = field(default_factory=Rules)
    endpoints: dict[str, _Connected] = field(default_factory=dict[str, _Connected])


@dataclass(frozen=True)
class _Seen:
    health: EndpointHealth
    models: tuple[str, ...]


class Directory:
    """Watches the buckets of endpoints and of health."""

    def __init__(self, bus: Bus, secrets: SecretBox, *, between_s: float) -> None:
        """`between_s` is the longest silence inside an answer, seconds."""
        self._secrets = secrets
        self._between_s = between_s
        self._owners: dict[str, _Owner] = {}
        self._seen: dict[str, _Seen] = {}
        self._retired: dict[asyncio.Task[None], Endpoint] = {}
        self._watches = (
            BucketWatch(bus, subjects.ENDPOINTS_BUCKET, OwnerEndpoints, self._on_owner),
            BucketWatch(bus, subjects.HEALTH_BUCKET, EndpointHealth, self._on_health),
        )

    async def start(self) -> None:
        """Begin to watch; returns once everything told so far is known."""
        for watch in self._watches:
            await watch.start()

    async def stop(self) -> None:
        """End the watches and close all connections."""
        for watch in self._watches:
            await watch.stop()
        retired = dict(self._retired)
        await end(*retired)
        # Being cancelled may have kept them from it.
        for way in retired.values():
            await way.close()
        for owner in self._owners.values():
            for connected in owner.endpoints.values():
                if connected.way is not None:
                    await connected.way.close()

    def rules(self, owner_id: str) -> Rules:
        """How an owner's requests are routed."""
        return self._owner(owner_id).rules

    def known(self, owner_id: str) -> list[Known]:
        """An owner's own endpoints, oldest first."""
        return [self._as_known(one) for one in self._owner(owner_id).endpoints.values()]

    def health(self, endpoint_id: str) -> EndpointHealth | None:
        """How an endpoint was when somebody last looked."""
        seen = self._seen.get(endpoint_id)
        return seen.health if seen is not None else None

    def cool(self, endpoint_id: str, failure: Failure, until: float) -> None:
        """Pass an endpoint over from now on; what the bus says of it a moment later takes the place of this."""
        seen = self._seen.get(endpoint_id) or _Seen(EndpointHealth(), ())
        self._seen[endpoint_id] = _Seen(cooled(seen.health, failure, until), seen.models)

    def way(self, owner_id: str, endpoint_id: str) -> Endpoint:
        """The way to one of an owner's endpoints.

        Raises `Failure` if its key cannot be read, `Unavailable` if it was removed since the request was planned.
        """
        connected = self._owner(owner_id).endpoints.get(endpoint_id)
        if connected is None:
            raise Unavailable("this endpoint has just been removed", code="removed")
        if connected.way is None:
            connected.way = self.connect(connected.registered)
        return connected.way

    def connect(self, registered: Registered) -> Endpoint:
        """A way to an endpoint, to be closed by the caller. Raises `Failure` if its key cannot be read."""
        kind = dialect(registered.kind)
        return Endpoint(
            registered.name or kind.label,
            kind.address(registered.base_url),
            api_key=self._secrets.open(registered.sealed_key),
            limits=Limits(between_s=self._between_s),
            dialect=kind,
        )

    def targets(self) -> Mapping[str, Target]:
        """Every endpoint that is switched on, to be looked at, by id."""
        found: dict[str, Target] = {}
        for owner_id, owner in self._owners.items():
            for endpoint_id, connected in owner.endpoints.items():
                if connected.registered.enabled:
                    ask = functools.partial(self._models, owner_id, endpoint_id)
                    found[endpoint_id] = Target(ask, connected.registered.model)
        return found

    async def _models(self, owner_id: str, endpoint_id: str) -> Sequence[EndpointModel]:
        return await self.way(owner_id, endpoint_id).models()

    def _owner(self, owner_id: str) -> _Owner:
        return self._owners.get(owner_id) or _Owner()

    def _as_known(self, connected: _Connected) -> Known:
        registered = connected.registered
        seen = self._seen.get(registered.id)
        health = seen.health if seen is not None else EndpointHealth()
        return Known(
            id=registered.id,
            name=registered.name,
            local=connected.local,
            structured=dialect(registered.kind).structured,
            model=registered.model,
            models=seen.models if seen is not None else (),
            enabled=registered.enabled,
            health=_HEALTH.get(health.status, "unknown"),
            detail=health.detail,
            cooling_until=seconds(health.cooling_until) if health.HasField("cooling_until") else 0.0,
            cooling_reason=health.cooling_reason,
        )

    def _on_owner(self, owner_id: str, told: OwnerEndpoints | None) -> None:
        before = self._owners.pop(owner_id, _Owner()).endpoints
        owner = _Owner(_rules(told.routing) if told is not None else Rules())
        for registered in told.endpoints if told is not None else ():
            old = before.pop(registered.id, None)
            if old is not None and _same_way(old.registered, registered):
                owner.endpoints[registered.id] = _Connected(registered, old.local, old.way)
                continue
            if old is not None:
                self._retire(old)
            local = is_local(registered.kind, registered.base_url)
            owner.endpoints[registered.id] = _Connected(registered, local)
        for gone in before.values():
            self._retire(gone)
        if told is not None:
            self._owners[owner_id] = owner

    def _on_health(self, endpoint_id: str, health: EndpointHealth | None) -> None:
        if health is None:
            self._seen.pop(endpoint_id, None)
            return
        self._seen[endpoint_id] = _Seen(health, tuple(model.id for model in health.models))

    def _retire(self, connected: _Connected) -> None:
        """Close a way nobody will ask for any more, once the answers that come over it are complete."""
        if connected.way is None:
            return
        task = asyncio.create_task(connected.way.retire(), name="endpoint-retire")
        self._retired[task] = connected.way
        task.add_done_callback(lambda done: self._retired.pop(done, None))


def _same_way(one: Registered, other: Registered) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("kind", "base_url", "sealed_key", "name"))


def _rules(told: Routing) -> Rules:
    ours = Rules()
    return Rules(
        active=told.active or EMBEDDED,
        fallback=tuple(told.fallback),
        tasks={rule.task: (rule.endpoint_id, rule.model) for rule in reversed(told.task_rules)},
        local_first_token_s=told.local_first_token_s or ours.local_first_token_s,
        cloud_first_token_s=told.cloud_first_token_s or ours.cloud_first_token_s,
        retries=told.retries if told.HasField("retries") else ours.retries,
        cool_down_s=told.cool_down_s if told.HasField("cool_down_s") else ours.cool_down_s,
        long_context_tokens=told.long_context_tokens or ours.long_context_tokens,
    )
