"""The journal: every job's events, stored on the bus in order. Its sequence is what clients resume by."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy, PubAck

from atelier.v1.common_pb2 import Event
from services.kit import reader, subjects
from services.kit.bus import Bus
from services.kit.puller import Delivery

log = structlog.get_logger(__name__)

TERMINAL = frozenset({"completed", "failed", "cancelled"})
# Events a follower may be behind what has arrived here; more wait at the server.
_AHEAD = 1024
_AGAIN_S = 0.2


@dataclass(frozen=True)
class Replay:
    """A job's stored events; `first_seq` is the oldest sequence the journal as a whole still keeps."""

    events: list[Event]
    first_seq: int


def event_type(event: Event) -> str:
    """The event's type: the name of its payload field, "" if it has none."""
    return event.WhichOneof("payload") or ""


def is_terminal(event: Event) -> bool:
    """True if nothing follows this event."""
    return event_type(event) in TERMINAL


def end_id(job_id: str) -> str:
    """Message id of a job's terminal event, whoever writes it: of two endings the first is stored, the other
    dropped."""
    return f"{job_id}:end"


class Journal:
    """Write and read events."""

    def __init__(self, bus: Bus) -> None:
        """On this bus."""
        self._bus = bus

    async def append(self, event: Event, msg_id: str, *, patience_s: float | None = 10.0) -> int:
        """Store one event and return its sequence; an event of the same `msg_id` is stored once.

        A terminal event must be given `end_id(job_id)`. Raises `Unavailable` if the bus does not store it in time.
        """
        return (await (await self.post(event, msg_id, patience_s=patience_s))).seq

    async def post(self, event: Event, msg_id: str, *, patience_s: float | None = 10.0) -> asyncio.Future[PubAck]:
        """Like `append`, but returns when the event is on its way; the future is done when it is stored."""
        if not event.HasField("time"):
            event.time.FromNanoseconds(time.time_ns())
        return await self._bus.post(
            subjects.events(event.job_id),
            event.SerializeToString(),
            headers={subjects.MSG_ID: msg_id},
            patience_s=patience_s,
        )

    async def last(self, job_id: str) -> Event | None:
        """A job's newest event."""
        data = await self._bus.last(subjects.EVENTS, subjects.events(job_id))
        return None if data is None else Event.FromString(data)

    async def replay(self, job_id: str, after: int = 0) -> Replay:
        """A job's stored events with a sequence above `after`, oldest first, and how far back the journal goes."""
        first = (await self._bus.jetstream.stream_info(subjects.EVENTS)).state.first_seq
        messages = await self._bus.history(subjects.EVENTS, subjects.events(job_id), after)
        return Replay([_stored(m) for m in messages], first)

    async def follow(self, after: int | None = None) -> AsyncIterator[Event]:
        """All jobs' events as they come, from now or after a sequence, each once and in order, whatever becomes of the
        connection meanwhile."""
        if after is None:
            after = (await self._bus.jetstream.stream_info(subjects.EVENTS)).state.last_seq
        while True:
            async with contextlib.aclosing(self._follow(after)) as events:
                async for event in events:
                    after = event.seq
                    yield event

    async def _follow(self, after: int) -> AsyncGenerator[Event, None]:
        """As `follow`, until the connection was lost and is back: a restarted server knows nothing of the consumer,
        and the client's own look-out for that takes ten seconds and more."""
        arrived: asyncio.Queue[Msg | None] = asyncio.Queue(_AHEAD)
        back = False

        def came_back() -> None:
            nonlocal back
            back = True
            if arrived.empty():
                arrived.put_nowait(None)

        self._bus.on_reconnect(came_back)
        subscription: JetStreamContext.PushSubscription | None = None
        try:
            subscription = await self._bus.jetstream.subscribe(
                "events.*",
                stream=subjects.EVENTS,
                cb=arrived.put,
                ordered_consumer=True,
                config=ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after + 1),
            )
            while not back and (message := await arrived.get()) is not None:
                yield _delivered(message)
        except (NatsError, TimeoutError) as error:
            if self._bus.client.is_closed:
                raise
            log.warning("journal_follower_lost", error=str(error) or type(error).__name__)
            await asyncio.sleep(_AGAIN_S)
        finally:
            self._bus.off_reconnect(came_back)
            if subscription is not None:
                with contextlib.suppress(NatsError):
                    await subscription.unsubscribe()

    async def consume(
        self, name: str, handler: Callable[[list[Event]], Awaitable[None]], *, batch: int = 200, every_s: float = 0.0
    ) -> None:
        """Feed all events to `handler` in batches, for ever, as `reader.consume` does."""

        async def handle(messages: Sequence[Msg]) -> None:
            await handler([_delivered(message) for message in messages])

        await reader.consume(self._bus, subjects.EVENTS, name, handle, batch=batch, every_s=every_s)


def _delivered(message: Msg) -> Event:
    """The event of a message that a consumer delivered; the sequence stands in the reply subject (ADR-15)."""
    event = Event.FromString(message.data)
    event.seq = Delivery.of(message).stream_seq
    return event


def _stored(message: Msg) -> Event:
    event = Event.FromString(message.data)
    event.seq = int((message.headers or {})["Nats-Sequence"])
    return event
