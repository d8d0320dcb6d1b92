"""Live events: one follower of the journal per gateway, fanned out to everyone who listens here.

A listener is registered first, then the past is replayed, then what came in meanwhile follows, without what was
replayed: so nothing is missed and nothing comes twice. All copies of the gateway read the same journal, so a client may
resume at any of them.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog
from nats.errors import Error as NatsError

from atelier.v1.common_pb2 import Event
from gateway.frames import Frame, frame
from gateway.metrics import EVENTS_FANNED_OUT, LISTENERS, SLOW_LISTENERS
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.failures import Failure, Unavailable
from services.kit.journal import Journal

log = structlog.get_logger(__name__)

Settle = Callable[[Event], Awaitable[None]]

# Events of one request to the journal while catching up.
_REPLAY_PAGE = 1000
_RESTART_S = 0.5


@dataclass(frozen=True)
class Interest:
    """What a listener wants to hear of; None = any."""

    job_id: str | None = None
    kind: str | None = None
    project_id: str | None = None

    def covers(self, item: Frame) -> bool:
        """True for an event that is wanted."""
        return (
            (self.job_id is None or item.job_id == self.job_id)
            and (self.kind is None or item.kind == self.kind)
            and (self.project_id is None or item.project_id == self.project_id)
        )


class Listener:
    """One client's inbox. It is bounded: a client that falls too far behind is let go, and resumes where it was."""

    def __init__(self, owner_id: str, limit: int) -> None:
        """Hears only `owner_id`'s events; holds at most `limit` of them."""
        self.owner_id = owner_id
        self.interests: set[Interest] = set()
        self.lost = False
        self.closing = False
        self.on_lost: Callable[[], None] | None = None
        self._limit = limit
        self._waiting: deque[Frame] = deque()
        self._arrived = asyncio.Event()

    def offer(self, item: Frame) -> None:
        """Put an event in; too many and the listener is lost."""
        if self.lost:
            return
        if len(self._waiting) >= self._limit:
            self.lost = True
            self._waiting.clear()
            SLOW_LISTENERS.inc()
            if self.on_lost is not None:
                self.on_lost()
        else:
            self._waiting.append(item)
        self._arrived.set()

    def close(self) -> None:
        """The gateway goes down: what is here may still be taken, nothing more comes."""
        self.closing = True
        self._arrived.set()

    @property
    def over(self) -> bool:
        """True once nothing more will come."""
        return self.lost or (self.closing and not self._waiting)

    async def take(self, wait_s: float) -> list[Frame]:
        """Everything that is here; waits up to `wait_s` seconds for something."""
        if not self._waiting and not self.over:
            self._arrived.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._arrived.wait()
        taken = list(self._waiting)
        self._waiting.clear()
        return taken


class Hub:
    """The one follower and its listeners."""

    def __init__(self, bus: Bus, journal: Journal, settle: Settle, *, buffer: int) -> None:
        """`settle`: waits until an event may be told; `buffer`: events a listener may lag behind."""
        self._settle = settle
        self._bus = bus
        self._journal = journal
        self._buffer = buffer
        self._by_job: dict[str, set[Listener]] = defaultdict(set)
        self._by_owner: dict[str, set[Listener]] = defaultdict(set)
        self._listeners: set[Listener] = set()
        self._seen = 0
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow from here on. Whoever listens from now on misses nothing: older events are in the journal's replay."""
        self._seen = (await self._bus.jetstream.stream_info(subjects.EVENTS)).state.last_seq
        self._task = asyncio.create_task(self._follow(), name="journal-follower")

    async def stop(self) -> None:
        """Let everyone go and stop following."""
        self.drain()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def drain(self) -> None:
        """End every stream; clients come back to whichever copy is up."""
        self._closing = True
        for listener in self._listeners:
            listener.close()

    @contextmanager
    def listening(self, owner_id: str) -> Generator[Listener]:
        """A listener for the length of a block; it hears nothing until `add` says of what."""
        if self._closing:
            raise Unavailable("This gateway is going down; another one or its successor will answer.", retry_after_s=1)
        listener = Listener(owner_id, self._buffer)
        self._listeners.add(listener)
        LISTENERS.inc()
        try:
            yield listener
        finally:
            LISTENERS.dec()
            self._listeners.discard(listener)
            for interest in list(listener.interests):
                self.remove(listener, interest)

    def add(self, listener: Listener, interest: Interest) -> None:
        """Begin to hear of something."""
        listener.interests.add(interest)
        index, key = self._place(listener, interest)
        index[key].add(listener)

    def remove(self, listener: Listener, interest: Interest) -> bool:
        """Hear of it no more; False if it was not heard of."""
        if interest not in listener.interests:
            return False
        listener.interests.discard(interest)
        index, key = self._place(listener, interest)
        if not any(self._place(listener, other) == (index, key) for other in listener.interests):
            index[key].discard(listener)
            if not index[key]:
                del index[key]
        return True

    def _place(self, listener: Listener, interest: Interest) -> tuple[dict[str, set[Listener]], str]:
        if interest.job_id is not None:
            return self._by_job, interest.job_id
        return self._by_owner, listener.owner_id

    async def _follow(self) -> None:
        while True:
            try:
                async for event in self._journal.follow(after=self._seen):
                    if self._nearby(event):
                        await self._settle(event)
                    self._seen = event.seq
                    self._fan_out(event)
            except (NatsError, TimeoutError, Failure) as error:
                log.warning("journal_follower_lost", error=str(error) or type(error).__name__)
            await asyncio.sleep(_RESTART_S)

    def _nearby(self, event: Event) -> set[Listener]:
        return self._by_job.get(event.job_id, set()) | self._by_owner.get(event.owner_id, set())

    def _fan_out(self, event: Event) -> None:
        nearby = self._nearby(event)
        if not nearby:
            return
        item = frame(event)
        for listener in nearby:
            if listener.owner_id == item.owner_id and any(i.covers(item) for i in listener.interests):
                listener.offer(item)
                EVENTS_FANNED_OUT.inc()

    async def bounds(self) -> tuple[int, int]:
        """Oldest and newest sequence the journal keeps."""
        state = (await self._bus.jetstream.stream_info(subjects.EVENTS)).state
        return state.first_seq, state.last_seq

    async def past(self, owner_id: str, interest: Interest, after: int) -> AsyncIterator[list[Frame]]:
        """What an owner's interest covers of the stored events above `after`, in pages, up to the present."""
        subject = "events.*" if interest.job_id is None else subjects.events(interest.job_id)
        while True:
            messages = await self._bus.history(subjects.EVENTS, subject, after, _REPLAY_PAGE)
            items: list[Frame] = []
            for message in messages:
                event = Event.FromString(message.data)
                event.seq = after = int((message.headers or {})["Nats-Sequence"])
                if event.owner_id == owner_id:
                    await self._settle(event)
                    items.append(frame(event))
            covered = [item for item in items if interest.covers(item)]
            if covered:
                yield covered
            if len(messages) < _REPLAY_PAGE:
                return
