"""A bucket's content as this process knows it, kept current by a watch."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from nats.errors import Error as NatsError
from nats.js.kv import KeyValue

from services.kit.bus import Bus
from services.kit.tasks import end

log = structlog.get_logger(__name__)

_AGAIN_S = 0.1


class BucketWatch:
    """Tells every entry of a bucket, first those that are there, then each change."""

    def __init__(self, bus: Bus, bucket: str, on_entry: Callable[[str, bytes | None, int], None]) -> None:
        """`on_entry(key, value, revision)` is called for every entry; None stands for one that was removed.

        After the bus was away what is there is told anew, without what was removed meanwhile.
        """
        self._bus = bus
        self._bucket = bucket
        self._on_entry = on_entry
        self._caught_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._watcher: KeyValue.KeyWatcher | None = None
        self._ending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch; returns once everything that is there was told."""
        self._bus.on_reconnect(self._came_back)
        self._task = asyncio.create_task(self._watch(), name=f"{self._bucket}-watch")
        await self._caught_up.wait()

    async def stop(self) -> None:
        """End the watch."""
        self._bus.off_reconnect(self._came_back)
        await end(self._task, self._ending)

    def _came_back(self) -> None:
        # A restarted server knows nothing of the watch, and the client's own look-out for that takes ten seconds and
        # more: it is ended and begun again.
        if self._watcher is not None:
            self._ending = asyncio.create_task(_end_watch(self._watcher), name=f"{self._bucket}-watch-end")

    async def _watch(self) -> None:
        while True:
            try:
                bucket = await self._bus.jetstream.key_value(self._bucket)
                watcher = await bucket.watchall()
                self._watcher = watcher
                async for entry in watcher:
                    if entry is None:
                        self._caught_up.set()
                        continue
                    gone = entry.value is None or entry.operation in ("DEL", "PURGE")
                    self._on_entry(entry.key, None if gone else entry.value, entry.revision or 0)
            except (NatsError, TimeoutError) as error:
                log.warning("watch_lost", bucket=self._bucket, error=str(error) or type(error).__name__)
            await asyncio.sleep(_AGAIN_S)


async def _end_watch(watcher: KeyValue.KeyWatcher) -> None:
    with contextlib.suppress(NatsError):
        await watcher.stop()
