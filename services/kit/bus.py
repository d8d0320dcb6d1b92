"""The connection to NATS: connect, store a message for certain, pull messages, read a subject's history."""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping, Sequence

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.api import PubAck
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from services.kit import streams
from services.kit.failures import Failure, Unavailable
from services.kit.settings import Settings
from services.kit.subjects import MSG_ID

log = structlog.get_logger(__name__)

# Concurrent stored publishes of one process; more only queue up in the server (measured: no gain beyond).
_IN_FLIGHT = 256
# How long one attempt to store a message may take before it is sent again under the same id.
_ATTEMPT_S = 5.0
_RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0)


class Bus:
    """One process's connection. Create it with `connect`; every reconnect re-subscribes by itself."""

    def __init__(self, client: Client, name: str) -> None:
        """Wrap a connected client; use `connect`."""
        self.client = client
        self.name = name
        self.jetstream: JetStreamContext = client.jetstream(timeout=_ATTEMPT_S)
        self._in_flight = asyncio.Semaphore(_IN_FLIGHT)

    @classmethod
    async def connect(cls, settings: Settings, name: str, *, patience_s: float = 30.0) -> "Bus":
        """Connect and make sure the streams exist; raises `Unavailable` after `patience_s` seconds without a server."""
        logged_at = 0.0

        async def on_error(error: Exception) -> None:
            # While the server is away every attempt to reconnect is an error; one line a second says enough.
            nonlocal logged_at
            if time.monotonic() - logged_at > 1.0:
                logged_at = time.monotonic()
                log.warning("bus_error", error=str(error) or type(error).__name__)

        async def on_reconnect() -> None:
            log.info(
                "bus_reconnected", server=client.connected_url.netloc.rpartition("@")[2] if client.connected_url else ""
            )

        client = Client()
        deadline = time.monotonic() + patience_s
        while True:
            try:
                await client.connect(
                    servers=settings.nats_url.split(","),
                    name=name,
                    error_cb=on_error,
                    reconnected_cb=on_reconnect,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,
                    connect_timeout=2,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    pending_size=16 * 1024 * 1024,
                    drain_timeout=5,
                )
                break
            except (OSError, NatsError, TimeoutError) as error:
                await client.close()
                client = Client()
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"no connection to the bus within {patience_s:.0f} s: {error}",
                        hint="Check that nats-server runs and that ATELIER_NATS_URL names it.",
                    ) from error
                await asyncio.sleep(0.2)
        bus = cls(client, name)
        await streams.ensure(bus.jetstream, settings)
        return bus

    @property
    def connected(self) -> bool:
        """True while the server answers; false while reconnecting."""
        return self.client.is_connected

    async def close(self) -> None:
        """Flush what is pending and disconnect."""
        with contextlib.suppress(NatsError, TimeoutError, asyncio.CancelledError):
            await self.client.flush(timeout=2)
        await self.client.close()

    async def publish(self, subject: str, data: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send without storing; lost if nobody listens."""
        self.check_size(data)
        await self.client.publish(subject, data, headers=dict(headers) if headers else None)

    async def store(
        self,
        subject: str,
        data: bytes,
        *,
        msg_id: str,
        headers: Mapping[str, str] | None = None,
        patience_s: float | None = 10.0,
    ) -> PubAck:
        """Publish to a stream and return once the server has stored it; the same `msg_id` is stored once.

        Tries again while the server is away, for `patience_s` seconds (None = as long as it takes); then raises
        `Unavailable`.
        """
        self.check_size(data)
        deadline = None if patience_s is None else time.monotonic() + patience_s
        all_headers = {MSG_ID: msg_id, **(headers or {})}
        attempt = 0
        async with self._in_flight:
            while True:
                try:
                    return await self.jetstream.publish(subject, data, timeout=_ATTEMPT_S, headers=dict(all_headers))
                except (NatsError, TimeoutError, NoStreamResponseError) as error:
                    if isinstance(error, APIError) and error.code is not None and error.code < 500:
                        raise
                    pause = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                    attempt += 1
                    if deadline is not None and time.monotonic() + pause > deadline:
                        raise Unavailable("the bus did not store the message", retry_after_s=2) from error
                    await asyncio.sleep(pause)

    def check_size(self, data: bytes) -> None:
        """Raise a failure for a payload the server would refuse; found out later it would look like a time-out."""
        # Headers count too; this leaves them ample room.
        limit = self.client.max_payload - 8192
        if len(data) > limit:
            raise Failure(
                f"the message has {len(data)} bytes and the bus takes {limit}",
                code="too_large",
                hint="Upload big things first and refer to them.",
            )

    async def history(self, stream: str, subject: str, after: int = 0, limit: int = 10_000) -> list[Msg]:
        """Stored messages of one subject with a sequence above `after`, oldest first.

        Uses direct batch get (ADR-31): one request for up to 500 messages, and nothing is left behind on the server.
        """
        found: list[Msg] = []
        inbox = self.client.new_inbox()
        subscription = await self.client.subscribe(inbox)
        try:
            while len(found) < limit:
                batch = min(500, limit - len(found))
                ask = {"seq": after + 1, "next_by_subj": subject, "batch": batch}
                await self.client.publish(f"$JS.API.DIRECT.GET.{stream}", json.dumps(ask).encode(), reply=inbox)
                more = False
                while True:
                    message = await subscription.next_msg(timeout=_ATTEMPT_S)
                    status = (message.headers or {}).get("Status")
                    if status is not None:
                        more = status == "204" and int((message.headers or {}).get("Nats-Num-Pending", "0")) > 0
                        break
                    found.append(message)
                    after = int((message.headers or {})["Nats-Sequence"])
                if not more:
                    break
        except NoRespondersError as error:
            raise Unavailable("the bus does not serve the journal now", retry_after_s=1) from error
        finally:
            await subscription.unsubscribe()
        return found

    async def last(self, stream: str, subject: str) -> bytes | None:
        """Body of the newest stored message of a subject; None if there is none."""
        try:
            return (await self.jetstream.get_last_msg(stream, subject, direct=True)).data
        except NotFoundError:
            return None


class Puller:
    """Takes messages from a stream's pull consumers, one request at a time.

    `nats-py`'s own `fetch(n)` now and then stalls after an empty answer (nats.py #986); this speaks the same protocol with one
    inbox: ask, collect until the batch is full or the server says there is no more.
    """

    def __init__(self, bus: Bus, stream: str) -> None:
        """For the consumers of `stream`."""
        self._bus = bus
        self._stream = stream
        self._inbox = ""
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._subscription: nats.aio.subscription.Subscription | None = None

    async def _renew(self) -> None:
        await self.close()
        self._arrived = arrived = asyncio.Queue[Msg]()

        async def collect(message: Msg) -> None:
            arrived.put_nowait(message)

        self._inbox = self._bus.client.new_inbox()
        self._subscription = await self._bus.client.subscribe(self._inbox, cb=collect)

    async def close(self) -> None:
        """Give up the inbox."""
        if self._subscription is not None:
            with contextlib.suppress(NatsError):
                await self._subscription.unsubscribe()
            self._subscription = None

    async def pull(self, consumer: str, batch: int, wait_s: float = 0.0) -> Sequence[Msg]:
        """Up to `batch` messages that wait now; if none do, up to one more that comes within `wait_s` seconds.

        An empty answer also stands for a server that is away: callers ask again.
        """
        messages = await self._request(consumer, {"batch": batch, "no_wait": True}, batch, _ATTEMPT_S)
        if messages or not wait_s:
            return messages
        expires = {"batch": 1, "expires": int(wait_s * 1e9)}
        return await self._request(consumer, expires, 1, wait_s + 1.0)

    async def _request(self, consumer: str, ask: dict[str, object], batch: int, timeout: float) -> list[Msg]:
        if self._subscription is None:
            await self._renew()
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{consumer}"
        got: list[Msg] = []
        try:
            await self._bus.client.publish(subject, json.dumps(ask).encode(), reply=self._inbox)
            async with asyncio.timeout(timeout):
                while len(got) < batch:
                    message = await self._arrived.get()
                    if (message.headers or {}).get("Status") is not None:
                        break
                    got.append(message)
        except (TimeoutError, NatsError):
            # Whatever may still come for this request must not be taken for the next one's answer.
            await self._renew()
        return got
