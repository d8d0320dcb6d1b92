"""Who is up and what it is busy with: each process renews its entry in a bucket whose entries expire."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
import structlog
from nats.errors import Error as NatsError

from services.kit import subjects
from services.kit.bus import Bus
from services.kit.failures import Unavailable

log = structlog.get_logger(__name__)

# A third of the bucket's time to live: two renewals may be lost before a process counts as gone.
_RENEW_S = 5.0
_AGAIN_S = 1.0


@dataclass(frozen=True)
class ServiceState:
    """One process of a service; `state` is "starting", "ready", "draining" or "failed", `since` Unix seconds."""

    name: str
    instance: str
    state: str
    detail: str
    since: float
    grpc_port: int = 0
    metrics_port: int = 0


class Presence:
    """This process's entry."""

    def __init__(self, bus: Bus, name: str, instance: str, *, grpc_port: int = 0, metrics_port: int = 0) -> None:
        """Announced as starting once `run` runs."""
        self._bus = bus
        self._changed = asyncio.Event()
        self.state = ServiceState(name, instance, "starting", "", time.time(), grpc_port, metrics_port)

    def set(self, state: str, detail: str = "") -> None:
        """Tell a new state; it is on the bus a moment later."""
        if (state, detail) != (self.state.state, self.state.detail):
            since = time.time() if state != self.state.state else self.state.since
            self.state = replace(self.state, state=state, detail=detail, since=since)
            self._changed.set()

    async def run(self) -> None:
        """Keep the entry current until cancelled, then remove it."""
        key = f"{self.state.name}.{self.state.instance}"
        try:
            while True:
                self._changed.clear()
                pause_s = _RENEW_S
                try:
                    bucket = await self._bus.jetstream.key_value(subjects.PRESENCE_BUCKET)
                    await bucket.put(key, orjson.dumps(asdict(self.state)))
                except (NatsError, TimeoutError) as error:
                    log.warning("presence_not_told", error=str(error) or type(error).__name__)
                    pause_s = _AGAIN_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._changed.wait()
        finally:
            with contextlib.suppress(NatsError, TimeoutError):
                await (await self._bus.jetstream.key_value(subjects.PRESENCE_BUCKET)).purge(key)

    @staticmethod
    async def list(bus: Bus) -> list[ServiceState]:
        """Every process that is up, by name; raises `Unavailable` if the bus does not answer."""
        name = subjects.PRESENCE_BUCKET
        states: list[ServiceState] = []
        try:
            bucket = await bus.jetstream.key_value(name)
            # Not the client's `keys`: that reads them one by one, and misses one that is renewed meanwhile.
            info = await bus.jetstream.stream_info(f"KV_{name}", subjects_filter=f"$KV.{name}.>")
            for subject in info.state.subjects or ():
                with contextlib.suppress(NatsError):
                    entry = await bucket.get(subject.removeprefix(f"$KV.{name}."))
                    if entry.value:
                        states.append(_state(orjson.loads(entry.value)))
        except (NatsError, TimeoutError) as error:
            raise Unavailable("the bus does not answer", retry_after_s=1) from error
        return sorted(states, key=lambda s: (s.name, s.instance))


def _state(data: dict[str, Any]) -> ServiceState:
    known = ServiceState.__dataclass_fields__
    return ServiceState(**{name: value for name, value in data.items() if name in known})
