"""What this worker has in memory and on disk, told to everybody; and what it is told to load, unload or keep."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import structlog
from google.protobuf.message import DecodeError
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from atelier.v1.models_pb2 import ModelAction, ModelCommand, PinnedModel, WorkerModel, WorkerModels
from services.diffusion.models import Models, ModelState
from services.diffusion.store import Store
from services.kit import subjects
from services.kit.bucket import BucketWatch
from services.kit.bus import Bus
from services.kit.tasks import end

log = structlog.get_logger(__name__)

# A third of the bucket's time to live, as with presence.
_RENEW_S = 5.0
# Changes come in bursts.
_SETTLE_S = 0.05


class Board:
    """One worker's entry in the bucket of models, and its ear for what is said about them."""

    def __init__(self, bus: Bus, models: Models, store: Store, *, worker: str, device: str) -> None:
        """Nothing is told or heard before `start`."""
        self._bus = bus
        self._models = models
        self._store = store
        self._worker = worker
        self._device = device
        self._changed = asyncio.Event()
        self._pins = BucketWatch(bus, subjects.PINS_BUCKET, PinnedModel, self._on_pin)
        self._pinned: dict[str, str] = {}
        self._subscription: Any = None
        self._telling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load what is pinned, and tell."""
        loop = asyncio.get_running_loop()
        self._models.on_change = lambda: _soon(loop, self._changed.set)
        self._subscription = await self._bus.client.subscribe(subjects.MODEL_COMMANDS, cb=self._on_command)
        await self._pins.start()
        self._telling = asyncio.create_task(self._tell(), name="models-board")

    async def stop(self) -> None:
        """Take the entry away."""
        with contextlib.suppress(NatsError):
            await self._subscription.unsubscribe()
        await self._pins.stop()
        await end(self._telling)
        with contextlib.suppress(NatsError, TimeoutError):
            await (await self._bus.jetstream.key_value(subjects.MODELS_BUCKET)).purge(self._worker)

    async def _tell(self) -> None:
        while True:
            self._changed.clear()
            try:
                entry = await asyncio.to_thread(self._entry)
                bucket = await self._bus.jetstream.key_value(subjects.MODELS_BUCKET)
                await bucket.put(self._worker, entry.SerializeToString())
            except (NatsError, TimeoutError) as error:
                log.warning("models_not_told", error=str(error) or type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RENEW_S):
                    await self._changed.wait()
            await asyncio.sleep(_SETTLE_S)

    def _entry(self) -> WorkerModels:
        return WorkerModels(
            worker=self._worker,
            device=self._device,
            memory_budget=self._models.budget,
            memory_used=self._models.used,
            disk_budget=self._store.budget,
            disk_used=self._store.used,
            models=[_told(state) for state in self._models.placed()],
        )

    async def _on_command(self, message: Msg) -> None:
        try:
            command = ModelCommand.FromString(message.data)
            key = self._models.wanted(command.model).key
        except (DecodeError, KeyError):
            # Of a newer gateway, or a model this worker was not given.
            return
        match command.action:
            case ModelAction.MODEL_ACTION_LOAD:
                self._models.get(command.model)
            case ModelAction.MODEL_ACTION_UNLOAD:
                await asyncio.to_thread(self._models.unload, key)
            case _:
                pass

    def _on_pin(self, entry: str, pinned: PinnedModel | None) -> None:
        if pinned is None:
            if key := self._pinned.pop(entry, ""):
                self._models.pin(key, False)
            return
        try:
            key = self._models.wanted(pinned.model).key
        except KeyError:
            return
        self._pinned[entry] = key
        self._models.pin(key, True)
        self._models.get(pinned.model)


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


def _told(state: ModelState) -> WorkerModel:
    told = WorkerModel(
        key=state.name,
        status=state.status,
        bytes=state.bytes,
        pinned=state.pinned,
        in_use=state.in_use,
        uses=state.uses,
        error=state.error,
    )
    if state.last_used:
        told.last_used.FromNanoseconds(int(state.last_used * 1e9))
    return told
