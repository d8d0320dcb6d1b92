"""The connection to NATS: connect, store a message for certain, read a subject's history."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.api import PubAck
from nats.js.errors import BadRequestError, NotFoundError

from services.kit import streams
from services.kit.failures import Failure, Unavailable
from services.kit.outbox import Outbox
from services.kit.settings import Settings
from services.kit.tasks import end

log = structlog.get_logger(__name__)

# How long the server may take to answer a question.
_ANSWER_S = 5.0


class _Client(Client):
    """The NATS client with a quicker reading of headers, a third of what taking a message costs."""

    def __init__(self) -> None:
        super().__init__()
        self.bare: set[int] = set()
        """Subscriptions whose messages' headers nobody reads."""

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        await super()._process_msg(sid, subject, reply, data, b"" if sid in self.bare else headers)

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        try:
            await super()._close(status, do_cbs)
        except OSError:
            # What is still unsent goes to a server that is gone, before anything else is ended. It is dropped now, so a
            # second pass ends the rest.
            self._status = Client.DISCONNECTED
            await super()._close(status, do_cbs)
        # Cancelled above, but only once.
        if self._reconnection_task is not asyncio.current_task():
            await end(self._reconnection_task)

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        try:
            return dict([line.split(": ", 1) for line in raw.decode("ascii").split("\r\n") if line])
        except ValueError:
            # Written by someone with other habits (no blank after the colon, UTF-8): the thorough way.
            return Client._parse_header_lines(raw)


class Bus:
    """One process's connection. Create it with `connect`; every reconnect re-subscribes by itself."""

    def __init__(self, client: _Client, name: str, settings: Settings) -> None:
        """Wrap a connected client; use `connect`."""
        self.client = client
        self._settings = settings
        self._mending: asyncio.Task[None] | None = None
        self.name = name
        self.jetstream: JetStreamContext = client.jetstream(timeout=_ANSWER_S)
        self._outbox = Outbox(client)
        self._back: list[Callable[[], None]] = []

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
            if bus is not None:
                bus._came_back()

        bus: Bus | None = None
        client = _Client()
        deadline = time.monotonic() + patience_s
        while True:
            try:
                # The client's own first connecting knows no end.
                async with asyncio.timeout(max(0.1, deadline - time.monotonic())):
                    await client.connect(
                        servers=settings.nats_url.split(","),
                        name=name,
                        error_cb=on_error,
                        reconnected_cb=on_reconnect,
                        allow_reconnect=True,
                        max_reconnect_attempts=-1,
                        reconnect_time_wait=0.25,  # pyright: ignore[reportArgumentType]  # it only sleeps that long
                        connect_timeout=2,
                        ping_interval=10,
                        max_outstanding_pings=2,
                        pending_size=16 * 1024 * 1024,
                        drain_timeout=5,
                        # `subjects` lets nothing unfit into a subject.
                        skip_subject_validation=True,
                    )
                await streams.ensure(client.jetstream(timeout=_ANSWER_S), settings)
                break
            except BadRequestError:
                # A stream stands there that cannot be made into what it is meant to be; waiting does not help.
                await client.close()
                raise
            except (OSError, NatsError, TimeoutError) as error:
                await client.close()
                client = _Client()
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"no connection to the bus within {patience_s:.0f} s: {error}",
                        hint="Check that nats-server runs and that ATELIER_NATS_URL names it.",
                    ) from error
                await asyncio.sleep(0.2)
        bus = cls(client, name, settings)
        await bus._outbox.start()
        return bus

    async def listen(self, subject: str, callback: Callable[[str], None]) -> Subscription:
        """Call `callback(subject)` for every message; for those of which only the subject matters."""

        async def on_message(message: Msg) -> None:
            callback(message.subject)

        subscription = await self.client.subscribe(subject, cb=on_message)
        self.client.bare.add(subscription._id)  # pyright: ignore[reportPrivateUsage]
        return subscription

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Call `callback()` whenever the server is back after it was away."""
        self._back.append(callback)

    def off_reconnect(self, callback: Callable[[], None]) -> None:
        """Call it no more; one that was never to be called is no error."""
        with contextlib.suppress(ValueError):
            self._back.remove(callback)

    def _came_back(self) -> None:
        if self._mending is None or self._mending.done():
            self._mending = asyncio.create_task(self._mend(), name="bus-mend")
        self._outbox.hurry()
        for callback in list(self._back):
            callback()

    async def _mend(self) -> None:
        """What the server kept in memory only is gone once it was restarted: the bucket of who is present."""
        while True:
            try:
                return await streams.ensure(self.jetstream, self._settings)
            except (NatsError, TimeoutError) as error:
                log.warning("streams_not_mended", error=str(error) or type(error).__name__)
                await asyncio.sleep(1)

    @property
    def connected(self) -> bool:
        """True while the server answers; false while reconnecting."""
        return self.client.is_connected

    async def close(self) -> None:
        """Flush what is pending and disconnect."""
        await end(self._mending)
        with contextlib.suppress(NatsError, TimeoutError, asyncio.CancelledError):
            await self.client.flush(timeout=2)
        self._outbox.close()
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
        headers: Mapping[str, str],
        patience_s: float | None = 10.0,
    ) -> PubAck:
        """Publish to a stream and return once the server has stored it; of one `Nats-Msg-Id` (it must be among the
        headers) only the first is.

        Tries again while the server is away, for `patience_s` seconds (None = as long as it takes); then raises
        `Unavailable`.
        """
        return await (await self.post(subject, data, headers=headers, patience_s=patience_s))

    async def post(
        self,
        subject: str,
        data: bytes,
        *,
        headers: Mapping[str, str],
        patience_s: float | None = 10.0,
    ) -> asyncio.Future[PubAck]:
        """Like `store`, but returns when the message is on its way; the future is done when it is stored. It goes on
        being stored when nobody waits for the future any more, unless the future itself is cancelled."""
        self.check_size(data)
        return await self._outbox.post(subject, data, headers, patience_s)

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

    async def history(self, stream: str, subject: str, after: int = 0, limit: int | None = None) -> list[Msg]:
        """Stored messages of one subject with a sequence above `after`, oldest first; no more than `limit`.

        Uses direct batch get (ADR-31): one request for up to 500 messages, and nothing is left behind on the server.
        """
        found: list[Msg] = []
        inbox = self.client.new_inbox()
        subscription = await self.client.subscribe(inbox)
        try:
            while limit is None or len(found) < limit:
                batch = 500 if limit is None else min(500, limit - len(found))
                ask = {"seq": after + 1, "next_by_subj": subject, "batch": batch}
                await self.client.publish(f"$JS.API.DIRECT.GET.{stream}", json.dumps(ask).encode(), reply=inbox)
                more = False
                while True:
                    message = await subscription.next_msg(timeout=_ANSWER_S)
                    status = (message.headers or {}).get("Status")
                    if status is not None:
                        more = status == "204" and int((message.headers or {}).get("Nats-Num-Pending", "0")) > 0
                        break
                    found.append(message)
                    after = int((message.headers or {})["Nats-Sequence"])
                if not more:
                    break
        except (NoRespondersError, TimeoutError) as error:
            raise Unavailable("the bus does not serve the journal now", retry_after_s=1) from error
        finally:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()
        return found

    async def last(self, stream: str, subject: str) -> bytes | None:
        """Body of the newest stored message of a subject; None if there is none."""
        try:
            return (await self.jetstream.get_last_msg(stream, subject, direct=True)).data
        except NotFoundError:
            return None
