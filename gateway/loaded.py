"""Which models are in whose memory, as the diffusion workers tell; and words to all of them about a model."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import time
from collections.abc import Mapping

from nats.errors import Error as NatsError

from atelier.v1.models_pb2 import ModelAction, ModelCommand, PinnedModel, WorkerModel, WorkerModels
from services.kit import subjects
from services.kit.bucket import BucketWatch
from services.kit.bus import Bus
from services.kit.failures import Unavailable

# Workers renew their entries every 5 s; the server drops one that is not renewed without telling.
_GONE_S = 15.0


class Loaded:
    """Listens to the workers' entries."""

    def __init__(self, bus: Bus) -> None:
        """Hears nothing until `start`."""
        self._bus = bus
        self._workers: dict[str, tuple[float, WorkerModels]] = {}
        self._pins: set[str] = set()
        self._watches = (
            BucketWatch(bus, subjects.MODELS_BUCKET, WorkerModels, self._on_worker),
            BucketWatch(bus, subjects.PINS_BUCKET, PinnedModel, self._on_pin),
        )

    async def start(self) -> None:
        """Hear what was told so far, and all that follows."""
        for watch in self._watches:
            await watch.start()

    async def stop(self) -> None:
        """Listen no more."""
        for watch in self._watches:
            await watch.stop()

    @property
    def workers(self) -> list[WorkerModels]:
        """The workers that are up, by name."""
        heard_after = time.monotonic() - _GONE_S
        return [worker for _, (heard, worker) in sorted(self._workers.items()) if heard > heard_after]

    def of(self, key: str) -> Mapping[str, WorkerModel]:
        """Where a model is, by worker."""
        return {worker.worker: model for worker in self.workers for model in worker.models if model.key == key}

    def is_pinned(self, key: str) -> bool:
        """True if every worker keeps it in memory."""
        return _entry(key) in self._pins

    async def tell(self, action: "ModelAction.ValueType", model: str) -> None:
        """Tell every worker what to do with a model; raises `Unavailable`."""
        try:
            command = ModelCommand(action=ModelAction.Name(action), model=model)
            await self._bus.publish(subjects.MODEL_COMMANDS, command.SerializeToString())
        except (NatsError, TimeoutError) as error:
            raise Unavailable("the bus does not answer", retry_after_s=1) from error

    async def pin(self, key: str, model: str) -> None:
        """Let every worker keep a model, also those that come later; raises `Unavailable`."""
        await self._put(key, PinnedModel(model=model))

    async def unpin(self, key: str) -> None:
        """Let it go again."""
        await self._put(key, None)

    async def _put(self, key: str, pinned: PinnedModel | None) -> None:
        try:
            bucket = await self._bus.jetstream.key_value(subjects.PINS_BUCKET)
            if pinned is None:
                await bucket.purge(_entry(key))
            else:
                await bucket.put(_entry(key), pinned.SerializeToString())
        except (NatsError, TimeoutError) as error:
            raise Unavailable("the bus does not answer", retry_after_s=1) from error
        # The watch tells it too, a moment later than whoever asks next.
        self._on_pin(_entry(key), pinned)

    def _on_worker(self, name: str, worker: WorkerModels | None) -> None:
        if worker is None:
            self._workers.pop(name, None)
        else:
            self._workers[name] = time.monotonic(), worker

    def _on_pin(self, entry: str, pinned: PinnedModel | None) -> None:
        (self._pins.add if pinned is not None else self._pins.discard)(entry)


def _entry(key: str) -> str:
    return key.encode().hex()
