"""How endpoints are: one copy of the service looks at each, everyone knows what it saw.

The look costs no tokens: it asks for the list of models.
"""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from google.protobuf.timestamp_pb2 import Timestamp
from nats.errors import Error as NatsError

from atelier.v1.endpoints_pb2 import EndpointHealth, EndpointModel
from atelier.v1.endpoints_pb2 import EndpointStatus as Status
from services.kit import subjects
from services.kit.bucket import change
from services.kit.bus import Bus
from services.kit.failures import Failure
from services.kit.tasks import end

log = structlog.get_logger(__name__)

# Looks that are kept: an hour of them.
_HISTORY = 120
# Of the last few looks, any failure makes an endpoint that answers degraded, and their mean is its latency.
_RECENT = 3
_SLOW_MS = 2000.0
# A look that was claimed and brought nothing in this time is anyone's again.
_CLAIM_S = 15.0
_AT_ONCE = 16
_TRIES = 5


# Asks an endpoint what it serves; raises `Failure`.
ListModels = Callable[[], Awaitable[Sequence[EndpointModel]]]


@dataclass(frozen=True)
class Look:
    """What one look at an endpoint saw; `latency_ms` until its models were listed."""

    latency_ms: float = 0.0
    models: Sequence[EndpointModel] = ()
    failure: Failure | None = None


async def look(list_models: ListModels) -> Look:
    """Ask for the models, and see how long that takes."""
    started = time.perf_counter()
    try:
        models = await list_models()
    except Failure as failure:
        return Look(failure=failure)
    return Look((time.perf_counter() - started) * 1000, models)


def after(before: EndpointHealth, seen: Look, wanted_model: str, now: float) -> EndpointHealth:
    """How an endpoint is after a look at Unix time `now`. Pure.

    The last good list of models stays while it is away. A good look ends a pause that was made because it could not be
    reached; one made because it was slow or busy goes on, since listing models proves nothing about that.
    """
    health = EndpointHealth()
    health.CopyFrom(before)
    health.ClearField("claimed_at")
    health.checked_at.CopyFrom(stamp(now))
    failure = seen.failure
    recent = [sample.status for sample in before.history[-(_RECENT - 1) :]]
    if failure is not None:
        # One answer that was merely late is no reason to call it gone.
        late = failure.code == "timed_out" and recent[-1:] == [Status.ENDPOINT_STATUS_HEALTHY]
        health.status = Status.ENDPOINT_STATUS_DEGRADED if late else Status.ENDPOINT_STATUS_OFFLINE
        health.code, health.detail = failure.code, failure.message
    else:
        del health.models[:]
        health.models.extend(seen.models)
        health.code, health.detail = _shortcoming(seen, wanted_model)
        if not health.code and any(status != Status.ENDPOINT_STATUS_HEALTHY for status in recent):
            health.code, health.detail = "unsteady", "it did not answer every time lately"
        health.status = Status.ENDPOINT_STATUS_DEGRADED if health.code else Status.ENDPOINT_STATUS_HEALTHY
        if before.cooling_code == "unreachable":
            _end_cooling(health)
    sample = health.history.add(status=Status.ENDPOINT_STATUS_HEALTHY, latency_ms=seen.latency_ms)
    sample.time.CopyFrom(stamp(now))
    if failure is not None:
        sample.status = Status.ENDPOINT_STATUS_OFFLINE
    elif health.code not in ("", "unsteady"):
        sample.status = Status.ENDPOINT_STATUS_DEGRADED
    del health.history[: max(0, len(health.history) - _HISTORY)]
    times = [s.latency_ms for s in health.history[-_RECENT:] if s.latency_ms]
    health.latency_ms = sum(times) / len(times) if times and failure is None else 0.0
    return health


def _shortcoming(seen: Look, wanted_model: str) -> tuple[str, str]:
    if not seen.models:
        return "no_models", "it has no models; load one there"
    if wanted_model and all(model.id != wanted_model for model in seen.models):
        return "no_such_model", f"it does not list {wanted_model!r}"
    if seen.latency_ms > _SLOW_MS:
        return "slow", f"it took {seen.latency_ms / 1000:.1f} s to list its models"
    return "", ""


def cooled(before: EndpointHealth, failure: Failure, until: float) -> EndpointHealth:
    """The same endpoint, passed over until Unix time `until`; a longer pause is not cut short. Pure."""
    health = EndpointHealth()
    health.CopyFrom(before)
    if not before.HasField("cooling_until") or seconds(before.cooling_until) < until:
        health.cooling_until.CopyFrom(stamp(until))
        health.cooling_code, health.cooling_reason = failure.code, failure.message
    return health


def _end_cooling(health: EndpointHealth) -> None:
    for field in ("cooling_until", "cooling_code", "cooling_reason"):
        health.ClearField(field)


@dataclass(frozen=True)
class Target:
    """An endpoint to look at, and the model it is meant to have ("" = any)."""

    list_models: ListModels
    model: str = ""


class HealthKeeper:
    """Looks at every endpoint in turn and writes down what it sees, unless another copy does."""

    def __init__(
        self,
        bus: Bus,
        targets: Callable[[], Mapping[str, Target]],
        known: Callable[[str], EndpointHealth | None],
        *,
        every_s: float,
    ) -> None:
        """`targets()` gives the endpoints by id, `known(id)` what was last heard of one."""
        self._bus = bus
        self._targets = targets
        self._known = known
        self._every_s = every_s
        self._running: asyncio.Task[None] | None = None
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)

    def start(self) -> None:
        """Begin to look."""
        self._running = asyncio.create_task(self._run(), name="health")

    async def stop(self) -> None:
        """Look no more."""
        await end(self._running, *self._looking.values(), *self._writing)

    def cool(self, endpoint_id: str, failure: Failure, until: float) -> None:
        """Let requests of all copies pass an endpoint over until a Unix time."""
        task = asyncio.create_task(self._cool(endpoint_id, failure, until), name="health-cool")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _cool(self, endpoint_id: str, failure: Failure, until: float) -> None:
        await self._change(endpoint_id, lambda before: cooled(before, failure, until))

    async def _run(self) -> None:
        while True:
            now = time.time()
            for endpoint_id, target in self._targets().items():
                # Copies that started together need not all try at the same moment.
                due = self._is_due(self._known(endpoint_id), now + random.uniform(-0.05, 0) * self._every_s)
                if due and endpoint_id not in self._looking:
                    task = asyncio.create_task(self._look(endpoint_id, target), name=f"health-{endpoint_id}")
                    self._looking[endpoint_id] = task
                    task.add_done_callback(lambda _, i=endpoint_id: self._looking.pop(i, None))
            await asyncio.sleep(min(1.0, self._every_s / 10))

    def _is_due(self, health: EndpointHealth | None, now: float) -> bool:
        if health is None:
            return True
        if health.HasField("claimed_at") and now - seconds(health.claimed_at) < _CLAIM_S:
            return False
        return not health.HasField("checked_at") or now - seconds(health.checked_at) >= self._every_s

    async def _look(self, endpoint_id: str, target: Target) -> None:
        async with self._room:
            if not await self._change(endpoint_id, self._claim):
                return
            seen = await look(target.list_models)
            await self._change(endpoint_id, lambda before: after(before, seen, target.model, time.time()))

    def _claim(self, before: EndpointHealth) -> EndpointHealth | None:
        now = time.time()
        if not self._is_due(before, now):
            return None
        health = EndpointHealth()
        health.CopyFrom(before)
        health.claimed_at.CopyFrom(stamp(now))
        return health

    async def _change(self, endpoint_id: str, wanted: Callable[[EndpointHealth], EndpointHealth | None]) -> bool:
        """False if `wanted` is none, or it could not be told."""

        async def decide(before: bytes) -> EndpointHealth | None:
            return wanted(EndpointHealth.FromString(before))

        try:
            return await change(self._bus, subjects.HEALTH_BUCKET, endpoint_id, decide, tries=_TRIES)
        except (NatsError, TimeoutError) as error:
            log.warning("health_not_told", endpoint=endpoint_id, error=str(error) or type(error).__name__)
        return False


def stamp(moment: float) -> Timestamp:
    """Unix seconds as a protobuf time."""
    found = Timestamp()
    found.FromNanoseconds(int(moment * 1e9))
    return found


def seconds(moment: Timestamp) -> float:
    """A protobuf time as Unix seconds."""
    return moment.seconds + moment.nanos / 1e9
