"""Words to jobs: cancel, pause, finish. A key-value bucket carries them, so that a worker that takes the job later
hears them as well as the one that runs it now, and a restart forgets none."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from nats.errors import Error as NatsError
from nats.js.kv import KeyValue

from atelier.v1.common_pb2 import Control, ControlAction
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.tasks import end

# Words expire in the bucket after a day without a notice; this bounds what one process remembers of them.
_WORDS_KEPT = 10_000
_AGAIN_S = 0.1

log = structlog.get_logger(__name__)


async def send_control(bus: Bus, job_id: str, action: ControlAction, reason: str) -> None:
    """Say a word to a job, whether it waits or runs; it is acknowledged by the event that follows from it."""
    bucket = await bus.jetstream.key_value(subjects.CONTROL_BUCKET)
    await bucket.put(job_id, Control(action=action, reason=reason).SerializeToString())


async def clear_control(bus: Bus, job_id: str) -> None:
    """Take a word back, so that a resumed job is not held again by the pause that held it."""
    bucket = await bus.jetstream.key_value(subjects.CONTROL_BUCKET)
    await bucket.purge(job_id)


class ControlBoard:
    """What has been said to jobs, as this process knows it: the bucket's content, kept current by a watch."""

    def __init__(self, bus: Bus, on_word: Callable[[str, Control], None]) -> None:
        """`on_word(job_id, control)` is called for every word, first those said before the start."""
        self._bus = bus
        self._on_word = on_word
        self._words: dict[str, Control] = {}
        self._caught_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._watcher: KeyValue.KeyWatcher | None = None
        self._ending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch; returns once everything said so far is known."""
        self._bus.on_reconnect(self._came_back)
        self._task = asyncio.create_task(self._watch(), name="control-watch")
        await self._caught_up.wait()

    async def stop(self) -> None:
        """End the watch."""
        self._bus.off_reconnect(self._came_back)
        await end(self._task, self._ending)

    def _came_back(self) -> None:
        # A restarted server knows nothing of the watch, and the client's own look-out for that takes ten seconds and
        # more: it is ended and begun again.
        if self._watcher is not None:
            self._ending = asyncio.create_task(_end_watch(self._watcher), name="control-watch-end")

    async def heard(self, job_id: str, *, sure: bool = False) -> Control | None:
        """What was last said to a job. With `sure`, a word known here is looked up again: the watch may be a moment
        behind the one who took it back."""
        word = self._words.get(job_id)
        if word is None or not sure:
            return word
        data = await self._bus.last(f"KV_{subjects.CONTROL_BUCKET}", f"$KV.{subjects.CONTROL_BUCKET}.{job_id}")
        return Control.FromString(data) if data else None

    async def _watch(self) -> None:
        while True:
            try:
                bucket = await self._bus.jetstream.key_value(subjects.CONTROL_BUCKET)
                watcher = await bucket.watchall()
                self._watcher = watcher
                async for entry in watcher:
                    if entry is None:
                        self._caught_up.set()
                    elif entry.value is None or entry.operation in ("DEL", "PURGE"):
                        self._words.pop(entry.key, None)
                    else:
                        control = Control.FromString(entry.value)
                        while len(self._words) >= _WORDS_KEPT:
                            del self._words[next(iter(self._words))]
                        self._words[entry.key] = control
                        self._on_word(entry.key, control)
            except (NatsError, TimeoutError) as error:
                log.warning("control_watch_lost", error=str(error) or type(error).__name__)
            await asyncio.sleep(_AGAIN_S)


async def _end_watch(watcher: KeyValue.KeyWatcher) -> None:
    with contextlib.suppress(NatsError):
        await watcher.stop()
