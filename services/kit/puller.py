"""Take messages from a stream's pull consumers."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from services.kit.bus import Bus

# How long the server may take to answer a request for what it has at hand.
_ANSWER_S = 5.0


class Delivery(NamedTuple):
    """What a consumer says about a message it delivered, in the message's reply subject (ADR-15)."""

    attempt: int
    """Which delivery this is, from 1."""
    stream_seq: int
    stored_ns: int
    """When the message was stored, Unix nanoseconds."""
    left: int
    """Messages still waiting when this one left."""

    @classmethod
    def of(cls, message: Msg) -> "Delivery":
        """Read it; both forms of the subject, with and without domain and account."""
        tokens = message.reply.split(".")
        at = 4 if len(tokens) == 9 else 6
        return cls(int(tokens[at]), int(tokens[at + 1]), int(tokens[at + 3]), int(tokens[at + 4]))


class _Inbox:
    """Where the answers to one puller's requests arrive."""

    def __init__(self) -> None:
        self.subscription: Subscription | None = None
        self.subject = ""
        self.got: list[Msg] = []
        self.wanted = 0
        self.broken = False
        self.answered: asyncio.Future[None] | None = None

    async def collect(self, message: Msg) -> None:
        if message.headers is None or "Status" not in message.headers:
            self.got.append(message)
            if len(self.got) < self.wanted:
                return
        self.wake()

    def wake(self) -> None:
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(None)


class Puller:
    """Takes messages from a stream's consumers, one request at a time.

    `nats-py`'s own `fetch(n)` now and then stalls after an empty answer (nats.py #986); this speaks the same protocol
    with one inbox: ask, collect until the batch is full or the server says there is no more.
    """

    def __init__(self, bus: Bus, stream: str) -> None:
        """For the consumers of `stream`."""
        self._bus = bus
        self._stream = stream
        self._inbox: _Inbox | None = None
        bus.on_reconnect(self._on_reconnect)

    def _on_reconnect(self) -> None:
        # The server forgot the request, or answered someone who was not there: waiting would only lose time.
        if self._inbox is not None:
            self._inbox.broken = True
            self._inbox.wake()

    async def _open(self) -> _Inbox:
        if self._inbox is None:
            inbox = _Inbox()
            inbox.subject = self._bus.client.new_inbox()
            inbox.subscription = await self._bus.client.subscribe(inbox.subject, cb=inbox.collect)
            self._inbox = inbox
        return self._inbox

    async def _drop(self) -> None:
        inbox, self._inbox = self._inbox, None
        if inbox is not None and inbox.subscription is not None:
            with contextlib.suppress(NatsError):
                await inbox.subscription.unsubscribe()

    async def close(self) -> None:
        """Give up the inbox."""
        self._bus.off_reconnect(self._on_reconnect)
        await self._drop()

    async def pull(self, consumer: str, batch: int, wait_s: float = 0.0) -> Sequence[Msg]:
        """Up to `batch` messages that wait now; if none do, up to one more that comes within `wait_s` seconds.

        An empty answer also stands for a server that is away: callers ask again.
        """
        messages = await self._request(consumer, {"batch": batch, "no_wait": True}, batch, _ANSWER_S)
        if messages or not wait_s:
            return messages
        return await self.wait(consumer, wait_s)

    async def wait(self, consumer: str, wait_s: float) -> Sequence[Msg]:
        """One message that waits now or comes within `wait_s` seconds; empty as for `pull`."""
        return await self._request(consumer, {"batch": 1, "expires": int(wait_s * 1e9)}, 1, wait_s + 1.0)

    async def _request(self, consumer: str, ask: Mapping[str, object], batch: int, timeout: float) -> list[Msg]:
        loop = asyncio.get_running_loop()
        inbox = await self._open()
        inbox.got, inbox.wanted, inbox.answered = [], batch, loop.create_future()
        # One timer handle rather than a timeout context: this runs for every few jobs.
        late = loop.call_later(timeout, inbox.wake)
        whole = False
        try:
            subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{consumer}"
            await self._bus.client.publish(subject, orjson.dumps(ask), inbox.subject)
            await inbox.answered
            whole = loop.time() < late.when() and self._bus.connected and not inbox.broken
        except NatsError:
            # Disconnected with a full buffer: as empty as an answer can be.
            pass
        finally:
            late.cancel()
            if not whole:
                # Whatever may still come for this request must not be taken for the next one's answer.
                await self._drop()
        return inbox.got
