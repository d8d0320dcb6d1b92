"""Interactive requests over core NATS: one request, a stream of answers, nothing stored.

Both sides show signs of life, so that a vanished caller frees the engine and a vanished service ends the wait; an
absent service is known at once (no responders).
"""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from google.protobuf.message import DecodeError, Message
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from atelier.v1.common_pb2 import Error
from services.kit import subjects, telemetry
from services.kit.bus import Bus
from services.kit.contract import Method, contract
from services.kit.failures import BadInput, Failure, Overloaded, TimedOut, Unavailable, as_failure, from_proto
from services.kit.ids import new_ulid
from services.kit.tasks import end

log = structlog.get_logger(__name__)

# Each side says it lives this often, and gives the other up after three silent rounds.
_ALIVE_S = 5.0
_SILENCE_S = 3 * _ALIVE_S
# The service keeps its own, better worded limit on the first answer; the caller's only guards against a lost service.
_GRACE_S = 5.0

_END = "end"
_ERROR = "error"
_ALIVE = "alive"
_BYE = b"bye"

CallHandler = Callable[[Message, "Call"], AsyncIterator[Message] | Awaitable[Message]]


@dataclass(frozen=True)
class Call:
    """A call as its handler sees it. When the caller goes away the handler is cancelled or its generator closed."""

    id: str
    kind: str
    owner: str
    traceparent: str


class CallServer:
    """Answers the calls of one service; copies of it share them."""

    def __init__(self, bus: Bus, handlers: Mapping[str, tuple[Method, CallHandler]], *, service: str) -> None:
        """`handlers` maps a call's kind to its method and handler."""
        self._bus = bus
        self._handlers = handlers
        self._service = service
        self._running: dict[str, asyncio.Task[None]] = {}
        self._heard: dict[str, float] = {}
        self._load: dict[str, int] = dict.fromkeys(handlers, 0)
        self._subscriptions: list[Any] = []
        self._watch: asyncio.Task[None] | None = None
        self._draining = False

    async def start(self) -> None:
        """Begin to answer."""
        client = self._bus.client
        for kind in self._handlers:
            self._subscriptions.append(
                await client.subscribe(subjects.call(kind), queue=self._service, cb=self._on_call)
            )
        # Signs of life must be heard as long as calls run, so this subscription outlives the others.
        self._alive = await client.subscribe(subjects.CALL_ALIVE_ALL, cb=self._on_alive)
        self._watch = asyncio.create_task(self._drop_silent(), name="call-watch")
        await client.flush()

    async def drain(self, patience_s: float) -> None:
        """Take no more calls; give running ones `patience_s` seconds."""
        for subscription in self._subscriptions:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        self._draining = True
        await end(*tasks, self._watch)
        with contextlib.suppress(NatsError):
            await self._alive.unsubscribe()

    async def _on_call(self, message: Msg) -> None:
        headers = message.headers or {}
        kind = message.subject.removeprefix("calls.")
        call = Call(
            id=headers.get(subjects.CALL_ID) or new_ulid(),
            kind=kind,
            owner=headers.get(subjects.OWNER, "local"),
            traceparent=headers.get(subjects.TRACEPARENT, ""),
        )
        self._heard[call.id] = time.monotonic()
        task = asyncio.create_task(self._answer(call, message), name=f"call-{kind}")
        self._running[call.id] = task
        task.add_done_callback(lambda _: (self._running.pop(call.id, None), self._heard.pop(call.id, None)))

    async def _answer(self, call: Call, message: Msg) -> None:
        method, handler = self._handlers[call.kind]
        started = time.monotonic()
        outcome = "done"
        last_sent = started
        telemetry.CALLS_RUNNING.labels(self._service).inc()
        self._load[call.kind] += 1

        async def send(data: bytes, frame: str | None = None) -> None:
            nonlocal last_sent
            last_sent = time.monotonic()
            await self._bus.client.publish(message.reply, data, headers={subjects.FRAME: frame} if frame else None)

        async def keep_alive() -> None:
            while True:
                await asyncio.sleep(_ALIVE_S)
                if time.monotonic() - last_sent >= _ALIVE_S - 0.5:
                    await send(b"", _ALIVE)

        signs = asyncio.create_task(keep_alive(), name="call-alive")
        with telemetry.traced(call.traceparent, call_id=call.id, kind=call.kind):
            try:
                if self._load[call.kind] > method.policy.concurrency > 0:
                    raise Overloaded(f"{call.kind} is at its capacity of {method.policy.concurrency}", retry_after_s=1)
                answer = handler(contract.complete(_decode(method, message.data)), call)
                if isinstance(answer, AsyncIterator):
                    async with contextlib.aclosing(_generator(answer)) as parts:
                        async for part in parts:
                            await send(part.SerializeToString())
                    await send(b"", _END)
                else:
                    await send((await answer).SerializeToString(), _END)
            except asyncio.CancelledError:
                outcome = "cancelled"
                if self._draining:
                    ending = Unavailable(f"the {self._service} service is ending", retry_after_s=2)
                    with contextlib.suppress(NatsError):
                        await send(ending.to_proto().SerializeToString(), _ERROR)
                raise
            except Exception as error:
                if not isinstance(error, Failure):
                    log.exception("call_raised")
                failure = as_failure(error)
                outcome = failure.code
                with contextlib.suppress(NatsError):
                    await send(failure.to_proto().SerializeToString(), _ERROR)
            finally:
                signs.cancel()
                self._load[call.kind] -= 1
                telemetry.CALLS_RUNNING.labels(self._service).dec()
                telemetry.CALL_SECONDS.labels(call.kind, outcome).observe(time.monotonic() - started)

    async def _on_alive(self, message: Msg) -> None:
        call_id = message.subject.rsplit(".", 1)[1]
        task = self._running.get(call_id)
        if task is None:
            return
        if message.data == _BYE:
            task.cancel()
        else:
            self._heard[call_id] = time.monotonic()

    async def _drop_silent(self) -> None:
        while True:
            await asyncio.sleep(_ALIVE_S / 2)
            now = time.monotonic()
            for call_id, heard in list(self._heard.items()):
                # While the bus is away nobody can be heard; silence counts only when it is back.
                if not self._bus.connected:
                    self._heard[call_id] = now
                elif now - heard > _SILENCE_S and call_id in self._running:
                    self._running[call_id].cancel()


class CallClient:
    """Calls services."""

    def __init__(self, bus: Bus) -> None:
        """On this bus."""
        self._bus = bus

    async def unary(
        self, kind: str, request: Message, *, owner: str = "local", timeout: float | None = None, traceparent: str = ""
    ) -> Any:
        """The one answer of a call."""
        answers = self.stream(kind, request, owner=owner, first_within=timeout, traceparent=traceparent)
        async with contextlib.aclosing(answers):
            async for answer in answers:
                return answer
        raise Unavailable(f"{kind} gave no answer")

    async def stream(
        self,
        kind: str,
        request: Message,
        *,
        owner: str = "local",
        first_within: float | None = None,
        traceparent: str = "",
    ) -> AsyncGenerator[Any, None]:
        """The answers of a call as they come; closing the generator ends the work on the far side.

        Raises `Unavailable` at once if no copy of the service is there, `TimedOut` if nothing came within
        `first_within` seconds (default: the method's own limit), and whatever failure the service answered with.
        """
        method = contract.methods[kind]
        data = request.SerializeToString()
        self._bus.check_size(data)
        limit = first_within if first_within is not None else (method.policy.timeout_s or 60) + _GRACE_S
        call_id = new_ulid()
        inbox = self._bus.client.new_inbox()
        arrived: asyncio.Queue[Msg | None] = asyncio.Queue()

        # What is asked while the bus is away is sent when it is back.
        away = not self._bus.connected

        def interrupted() -> None:
            nonlocal away
            if not away:
                arrived.put_nowait(None)
            away = False

        async def collect(message: Msg) -> None:
            arrived.put_nowait(message)

        subscription = await self._bus.client.subscribe(inbox, cb=collect)
        headers = {subjects.CALL_ID: call_id, subjects.OWNER: owner}
        if traceparent:
            headers[subjects.TRACEPARENT] = traceparent
        signs: asyncio.Task[None] | None = None
        over = False
        # Parts of an answer may have been lost on the way meanwhile, and nothing on this lane is sent twice.
        self._bus.on_reconnect(interrupted)
        try:
            await self._bus.client.publish(subjects.call(kind), data, reply=inbox, headers=headers)
            signs = asyncio.create_task(self._keep_alive(call_id), name="call-alive")
            deadline = time.monotonic() + limit
            waiting_for_first = True
            while True:
                message = await self._next(arrived, deadline if waiting_for_first else None, kind, limit)
                frame = message.headers.get(subjects.FRAME) if message.headers else None
                if frame is None:
                    if message.headers and message.headers.get("Status") == "503":
                        over = True
                        raise Unavailable(
                            f"no {method.service} service is up", hint="It may be starting.", retry_after_s=2
                        )
                    waiting_for_first = False
                    yield method.response_type.FromString(message.data)
                elif frame == _END:
                    over = True
                    if message.data or not method.streams:
                        yield method.response_type.FromString(message.data)
                    return
                elif frame == _ERROR:
                    over = True
                    raise from_proto(Error.FromString(message.data))
        finally:
            if signs is not None:
                signs.cancel()
            self._bus.off_reconnect(interrupted)
            with contextlib.suppress(NatsError):
                if not over:
                    await self._bus.client.publish(subjects.call_alive(call_id), _BYE)
                await subscription.unsubscribe()

    async def _next(self, arrived: asyncio.Queue[Msg | None], deadline: float | None, kind: str, limit: float) -> Msg:
        message = await self._arrival(arrived, deadline, kind, limit)
        if message is None:
            raise Unavailable(f"the bus was away while {kind} was being answered", retry_after_s=1)
        return message

    async def _arrival(
        self, arrived: asyncio.Queue[Msg | None], deadline: float | None, kind: str, limit: float
    ) -> Msg | None:
        if not arrived.empty():
            return arrived.get_nowait()
        silence = time.monotonic() + _SILENCE_S
        try:
            async with asyncio.timeout_at(_loop_time(min(silence, deadline) if deadline is not None else silence)):
                return await arrived.get()
        except TimeoutError:
            if deadline is not None and time.monotonic() >= deadline:
                raise TimedOut(f"{kind} did not answer within {limit:.0f} s", retry_after_s=5) from None
            raise Unavailable(f"the service answering {kind} went away", retry_after_s=2) from None

    async def _keep_alive(self, call_id: str) -> None:
        while True:
            await asyncio.sleep(_ALIVE_S)
            with contextlib.suppress(NatsError):
                await self._bus.client.publish(subjects.call_alive(call_id))


def _loop_time(monotonic: float) -> float:
    return asyncio.get_running_loop().time() + (monotonic - time.monotonic())


def _decode(method: Method, data: bytes) -> Message:
    try:
        return method.request_type.FromString(data)
    except DecodeError as error:
        raise BadInput(f"the request is no {method.request_type.DESCRIPTOR.full_name}: {error}") from error


async def _generator(parts: AsyncIterator[Message]) -> AsyncGenerator[Message, None]:
    """Any async iterator as a generator whose closing closes the inner one as well."""
    try:
        async for part in parts:
            yield part
    finally:
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()
