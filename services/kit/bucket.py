"""Key-value buckets of messages: watched, so that a process knows what they hold, and changed by compare and set."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog
from google.protobuf.message import DecodeError, Message
from nats.errors import Error as NatsError
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from services.kit.bus import Bus
from services.kit.tasks import end

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=Message)

_AGAIN_S = 0.1


async def change(
    bus: Bus, bucket_name: str, key: str, decide: Callable[[bytes], Awaitable[Message | None]], *, tries: int
) -> bool:
    """Compare and set: `decide` is given what stands under `key` (b"" = nothing) and says what shall.

    When somebody else was quicker it is asked again. False if it wanted no change or somebody always was. Raises what
    the client raises while the bus is away.
    """
    bucket = await bus.jetstream.key_value(bucket_name)
    for _ in range(tries):
        before, revision = b"", 0
        with contextlib.suppress(KeyNotFoundError):
            entry = await bucket.get(key)
            before, revision = entry.value or b"", entry.revision or 0
        wanted = await decide(before)
        if wanted is None:
            return False
        with contextlib.suppress(KeyWrongLastSequenceError):
            if revision:
                await bucket.update(key, wanted.SerializeToString(), last=revision)
            else:
                await bucket.create(key, wanted.SerializeToString())
            return True
    return False


class BucketWatch(Generic[M]):
    """Tells every entry of a bucket, first those that are there, then each change."""

    def __init__(self, bus: Bus, bucket: str, kind: type[M], on_entry: Callable[[str, M | None], None]) -> None:
        """`on_entry(key, message)` is called for every entry; None stands for one that was removed.

        After the bus was away what is there is told anew, without what was removed meanwhile.
        """
        self._bus = bus
        self._bucket = bucket
        self._kind = kind
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
                    try:
                        message = None if gone else self._kind.FromString(entry.value or b"")
                    except DecodeError as error:
                        log.error("entry_unreadable", bucket=self._bucket, key=entry.key, error=str(error))
                        continue
                    self._on_entry(entry.key, message)
            except (NatsError, TimeoutError) as error:
                log.warning("watch_lost", bucket=self._bucket, error=str(error) or type(error).__name__)
            await asyncio.sleep(_AGAIN_S)


async def _end_watch(watcher: KeyValue.KeyWatcher) -> None:
    with contextlib.suppress(NatsError):
        await watcher.stop()
