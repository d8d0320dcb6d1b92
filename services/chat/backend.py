"""Where answers come from: a child server of ours or a server someone else runs, each with its offers and its state."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import structlog

from atelier.v1.endpoints_pb2 import EndpointModel
from services.chat.child import ChildServer, Probe, Program, State
from services.chat.endpoint import Endpoint, Limits
from services.chat.offer import Offer, Task
from services.kit.failures import Failure, Unavailable
from services.kit.tasks import end

log = structlog.get_logger(__name__)

_POLL_READY_S = 15.0
_POLL_AWAY_S = 2.0
# What a client is told to wait while an engine starts; it is asked again, so too short costs little.
_STARTING_RETRY_S = 5.0


class Backend(Protocol):
    """One server and the models it offers."""

    name: str

    def offers(self) -> list[Offer]:
        """Its models and how they are."""
        ...

    def endpoint(self) -> Endpoint:
        """The way to it; raises `Unavailable` saying why there is none now."""
        ...

    def start(self) -> None:
        """Begin, in the background."""
        ...

    async def stop(self) -> None:
        """End it."""
        ...


class ChildBackend:
    """A model served by a child server of ours."""

    def __init__(
        self,
        name: str,
        model: str,
        task: Task,
        *,
        prepare: Callable[[Path], Awaitable[Program]],
        probe: Callable[[Path], Probe],
        start_within_s: float,
        limits: Limits,
        changed: Callable[[], None],
        watch_every_s: float = 2.0,
    ) -> None:
        """`changed` is called at every change of state; the other arguments are `ChildServer`'s."""
        self.name = name
        self._model = model
        self._task: Task = task
        self._limits = limits
        self._changed = changed
        self._created = int(time.time())
        self._context_length = 0
        self._endpoint: Endpoint | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.child = ChildServer(
            name,
            prepare,
            probe,
            start_within_s=start_within_s,
            changed=self._child_changed,
            watch_every_s=watch_every_s,
        )

    def offers(self) -> list[Offer]:
        """The one model."""
        return [
            Offer(
                self._model,
                self._task,
                self.child.state,
                detail=self.child.detail,
                context_length=self._context_length,
                created=self._created,
            )
        ]

    def endpoint(self) -> Endpoint:
        """The way to the child that runs now."""
        if self._endpoint is None:
            doing = "is starting" if self.child.state == "starting" else "is being restarted"
            raise Unavailable(
                f"{self._model} {doing}",
                code="starting",
                hint="It will be there in a moment.",
                retry_after_s=_STARTING_RETRY_S,
            )
        return self._endpoint

    def start(self) -> None:
        """Start the child."""
        self.child.start()

    async def stop(self) -> None:
        """End the child."""
        await self.child.stop()
        self._drop_endpoint()
        await asyncio.gather(*self._closing)

    def _child_changed(self, state: State, detail: str) -> None:
        self._drop_endpoint()
        if state == "ready":
            self._endpoint = Endpoint(self.name, "http://child/v1", socket=self.child.socket, limits=self._limits)
            self._in_background(self._read_context_length(self._endpoint))
        self._changed()

    async def _read_context_length(self, endpoint: Endpoint) -> None:
        try:
            self._context_length = next((m.context_length for m in await endpoint.models()), 0)
        except Failure as failure:
            log.warning("context_length_unknown", endpoint=self.name, error=failure.message)

    def _drop_endpoint(self) -> None:
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            self._in_background(endpoint.close())

    def _in_background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class RemoteBackend:
    """An OpenAI-compatible server that someone else runs; its list of models is its health, as that costs no tokens."""

    def __init__(self, name: str, endpoint: Endpoint, *, changed: Callable[[], None]) -> None:
        """`changed` is called at every change of state or models."""
        self.name = name
        self._endpoint = endpoint
        self._changed = changed
        # The last good list stays while the server is away, so that one dead endpoint does not empty anyone's menu.
        self._models: list[EndpointModel] = []
        self._state: State = "starting"
        self._detail = f"asking {name} for its models"
        self._polling: asyncio.Task[None] | None = None

    def offers(self) -> list[Offer]:
        """Its models as last heard; all are taken for chat models, since the list does not say."""
        return [Offer(m.id, "chat", self._state, self._detail, m.context_length, m.created) for m in self._models]

    def endpoint(self) -> Endpoint:
        """The way to it, also while it seems away: the request itself is the best test."""
        return self._endpoint

    def start(self) -> None:
        """Begin to ask for its models."""
        self._polling = asyncio.create_task(self._poll(), name=f"endpoint-{self.name}")

    async def stop(self) -> None:
        """Ask no more and close the connections."""
        await end(self._polling)
        await self._endpoint.close()

    async def _poll(self) -> None:
        while True:
            try:
                models = await self._endpoint.models()
            except Failure as failure:
                self._become("down", failure.message, self._models)
            else:
                self._become("ready", "", models)
            await asyncio.sleep(_POLL_READY_S if self._state == "ready" else _POLL_AWAY_S)

    def _become(self, state: State, detail: str, models: list[EndpointModel]) -> None:
        if (state, detail, models) == (self._state, self._detail, self._models):
            return
        self._state, self._detail, self._models = state, detail, models
        self._changed()
