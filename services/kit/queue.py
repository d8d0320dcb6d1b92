"""The queue of accepted jobs: put in, take out fairly.

Fair shares: within a pool the next job is the longest-waiting one of the owner served least recently. Owners are
spread over `subjects.BUCKETS` queues with one durable consumer each, and a worker takes from the queues in turn.
"""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import APIError, NotFoundError

from services.kit import subjects
from services.kit.bus import Bus
from services.kit.contract import Method
from services.kit.puller import Delivery, Puller

# How long an owner keeps its queue in this process's memory without asking the bus again.
_PLACE_KEPT_S = 2.0
# How often an idle worker looks for jobs that no bell announces: redeliveries after a crash or a delayed retry.
_SWEEP_S = 1.0
# An idle worker's request for the next job of the queue it served last stands this long; of few free slots it would
# keep one from everyone else.
_STAND_S = 0.5
_STAND_FROM_SLOTS = 4
_MAX_ACK_PENDING = 10_000
# How long the server may take to say which queues hold something.
_ANSWER_S = 2.0


@dataclass(frozen=True)
class JobEnvelope:
    """A request on its way to a worker. `run` counts how often the same job was put in the queue: more than once only
    when it was held and resumed, moved, or found missing and mended."""

    id: str
    kind: str
    owner: str
    request: bytes
    project: str = ""
    pool: str = "default"
    priority: int = 0
    run: int = 1
    traceparent: str = ""

    def headers(self) -> dict[str, str]:
        """What the subject does not say, as message headers."""
        headers = {subjects.MSG_ID: f"{self.id}:{self.run}"}
        if self.project:
            headers[subjects.PROJECT] = self.project
        if self.traceparent:
            headers[subjects.TRACEPARENT] = self.traceparent
        return headers

    @classmethod
    def of(cls, message: Msg) -> "JobEnvelope":
        """The envelope of a message of the queue; raises ValueError for one that is no job."""
        _, service, method, pool, _, priority, owner = message.subject.split(".")
        headers = message.headers or {}
        job_id, _, run = headers.get(subjects.MSG_ID, "").rpartition(":")
        if not job_id:
            raise ValueError("it has no message id of the form <job>:<run>")
        return cls(
            id=job_id,
            kind=f"{service}.{method}",
            owner=owner,
            request=message.data,
            project=headers.get(subjects.PROJECT, ""),
            pool=pool,
            priority=int(priority),
            run=int(run),
            traceparent=headers.get(subjects.TRACEPARENT, ""),
        )


@dataclass(frozen=True)
class Place:
    """Where a job stands: its sequence and subject in the stream."""

    stream_seq: int
    subject: str


class JobQueue:
    """Put jobs in and take waiting ones out again."""

    def __init__(self, bus: Bus) -> None:
        """On this bus."""
        self._bus = bus
        self._buckets: dict[tuple[str, str, str], tuple[int, float]] = {}
        # Who was last given which queue here: what two owners submit at once is not in the stream yet.
        self._given: dict[tuple[str, str], dict[int, tuple[str, float]]] = {}

    async def submit(self, envelope: JobEnvelope) -> Place:
        """Store a job; when this returns it survives anything. The same id and run is stored once."""
        service = envelope.kind.split(".")[0]
        bucket = await self._bucket(service, envelope.pool, envelope.owner)
        subject = subjects.job(envelope.kind, envelope.pool, bucket, envelope.priority, envelope.owner)
        ack = await self._bus.store(subject, envelope.request, headers=envelope.headers())
        return Place(ack.seq, subject)

    async def remove(self, stream_seq: int) -> bool:
        """Take a job out; False if it is no longer there. A worker that took it meanwhile hears its control word."""
        try:
            return await self._bus.jetstream.delete_msg(subjects.JOBS, stream_seq)
        except APIError as error:
            # 10043/10057: no such message any more.
            if isinstance(error, NotFoundError) or error.err_code in (10043, 10057, 10037):
                return False
            raise

    async def holds(self, stream_seq: int) -> bool:
        """True while a job waits or is being worked on."""
        try:
            await self._bus.jetstream.get_msg(subjects.JOBS, stream_seq, direct=True)
        except NotFoundError:
            return False
        return True

    async def depth(self, service: str, pool: str) -> int:
        """Jobs of a pool that wait or run."""
        return sum((await _waiting(self._bus, service, pool)).values())

    async def _bucket(self, service: str, pool: str, owner: str) -> int:
        """The owner's queue: the one it already uses, else its home unless someone else waits there, else the next
        empty one.

        With no more owners waiting than queues, no two share one; beyond that sharing is by hash.
        """
        key = (service, pool, owner)
        known = self._buckets.get(key)
        now = time.monotonic()
        if known is not None and now - known[1] < _PLACE_KEPT_S:
            self._buckets[key] = (known[0], now)
            return known[0]
        try:
            waiting = await _waiting(self._bus, service, pool)
        except (NatsError, TimeoutError):
            # The bus is away: the job is sent when it is back, and where it stands is a matter of fairness only.
            waiting = dict[str, int]()
        given = self._given.setdefault((service, pool), {})
        taken = {bucket: who for bucket, (who, at) in given.items() if now - at < _PLACE_KEPT_S}
        for subject in waiting:
            bucket, _ = subjects.queue_of(subject)
            taken[bucket] = subjects.owner_of(subject)
            if taken[bucket] == owner:
                break
        mine = next((bucket for bucket, who in taken.items() if who == owner), None)
        home = subjects.home_bucket(owner)
        probes = ((home + step) % subjects.BUCKETS for step in range(subjects.BUCKETS))
        bucket = mine if mine is not None else next((b for b in probes if b not in taken), home)
        given[bucket] = (owner, now)
        if len(self._buckets) > 10_000:
            self._buckets.clear()
        self._buckets[key] = (bucket, now)
        return bucket


async def _waiting(bus: Bus, service: str, pool: str) -> dict[str, int]:
    """Subject → messages, for every job of a pool that waits or runs."""
    ask = json.dumps({"subjects_filter": subjects.jobs_of(service, pool)}).encode()
    answer = await bus.client.request(f"$JS.API.STREAM.INFO.{subjects.JOBS}", ask, timeout=_ANSWER_S)
    return json.loads(answer.data).get("state", {}).get("subjects") or {}


class _Standing:
    """A request left with the server for the next job of one queue: it comes the moment it is stored, two trips to the
    server sooner than after a bell."""

    def __init__(self, bus: Bus, on_answer: Callable[[], None]) -> None:
        self._puller = Puller(bus, subjects.JOBS)
        self._on_answer = on_answer
        self._asked: asyncio.Task[Sequence[Msg]] | None = None
        self.queue: tuple[int, int] | None = None
        """The queue asked; None while no request stands, or its answer was taken."""
        self.bells = 0
        """How often that queue's bell rang since."""

    def ask(self, queue: tuple[int, int], consumer: str) -> None:
        """Leave a request; only while none stands."""
        self.queue, self.bells = queue, 0
        self._asked = asyncio.create_task(self._puller.wait(consumer, _STAND_S), name="job-standing")
        self._asked.add_done_callback(lambda _: self._on_answer())

    @property
    def answered(self) -> bool:
        """True if there is an answer to take."""
        return self._asked is not None and self._asked.done()

    async def answer(self) -> Sequence[Msg]:
        """The job that came, if one did; waits for the request to be over."""
        asked, self._asked, self.queue = self._asked, None, None
        return await asked if asked is not None else ()

    async def close(self) -> None:
        """Hand back what still comes."""
        for message in await self.answer():
            with contextlib.suppress(NatsError):
                await message.nak()
        await self._puller.close()


class FairQueue:
    """One worker's view of its pool: hands out jobs, one owner's queue after the other."""

    def __init__(self, bus: Bus, service: str, pool: str, methods: Sequence[Method]) -> None:
        """For the job methods of one service."""
        self._bus = bus
        self._service = service
        self._pool = pool
        self._ack_wait_s = max(m.policy.ack_wait_s for m in methods)
        self._max_deliver = max(m.policy.max_deliver for m in methods)
        self._puller = Puller(bus, subjects.JOBS)
        # Queues that may hold something; a bell or a sweep adds, an empty answer takes away.
        self._maybe: set[tuple[int, int]] = set()
        self._served: dict[int, int] = {}
        self._turn = 0
        self._sweep_at = 0.0
        self._halted = False
        self._rang = asyncio.Event()
        self._standing = _Standing(bus, self._rang.set)
        self._last: tuple[int, int] | None = None
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Create the consumers (shared by all copies) and listen for bells."""
        for bucket in range(subjects.BUCKETS):
            for priority in subjects.PRIORITIES:
                await self._ensure_consumer(bucket, priority)
        bells = await self._bus.listen(subjects.bells_of(self._service, self._pool), self._on_bell)
        self._stack.push_async_callback(_unsubscribe, bells)
        self._stack.push_async_callback(self._puller.close)
        self._stack.push_async_callback(self._standing.close)
        await self._bus.client.flush()

    async def stop(self) -> None:
        """Give up bells and inbox."""
        await self._stack.aclose()

    async def take(self, slots: int) -> list[Msg]:
        """Up to `slots` jobs, fairly; waits until there is at least one. Empty only after `halt`."""
        while not self._halted:
            # Redeliveries ring no bell, and a worker that always finds something would never look.
            if time.monotonic() > self._sweep_at:
                await self._sweep()
            messages = await self._stood() or await self._next(slots)
            if messages:
                return messages
            self._rang.clear()
            if self._standing.answered or self._reachable(slots):
                continue
            if self._last is not None and self._standing.queue is None and slots >= _STAND_FROM_SLOTS:
                self._standing.ask(self._last, self._consumer(self._last))
            try:
                async with asyncio.timeout(_SWEEP_S):
                    await self._rang.wait()
            except TimeoutError:
                pass
        return []

    def halt(self) -> None:
        """Take nothing more: a `take` that waits returns."""
        self._halted = True
        self._rang.set()

    def expect_soon(self, subject: str, delay_s: float) -> None:
        """A job of this subject comes back after a delay: look then, rather than at the next sweep."""
        asyncio.get_running_loop().call_later(delay_s + 0.01, self._ring, subjects.queue_of(subject))

    def _consumer(self, queue: tuple[int, int]) -> str:
        return subjects.consumer(self._service, self._pool, *queue)

    def _reachable(self, slots: int) -> set[tuple[int, int]]:
        """The queues worth asking now. What stands at one needs no second question there and takes up a slot."""
        standing = self._standing.queue
        if standing is None:
            return set(self._maybe)
        return self._maybe - {standing} if slots > 1 else set()

    async def _stood(self) -> list[Msg]:
        """What the standing request brought, if it is over."""
        queue = self._standing.queue
        if queue is None or not self._standing.answered:
            return []
        messages = await self._standing.answer()
        if messages:
            # One bell was this job's own.
            if not Delivery.of(messages[-1]).left and self._standing.bells <= 1:
                self._maybe.discard(queue)
            self._note(queue)
        return list(messages)

    async def _next(self, slots: int) -> list[Msg]:
        reachable = self._reachable(slots)
        slots -= self._standing.queue is not None
        buckets = sorted({bucket for bucket, _ in reachable}, key=lambda b: self._served.get(b, 0))
        for bucket in buckets:
            # One job a turn as long as others wait too; a lone owner may have all the slots at once.
            batch = max(1, slots // len(buckets))
            for priority in subjects.PRIORITIES:
                queue = (bucket, priority)
                if queue not in reachable:
                    continue
                self._maybe.discard(queue)
                messages = await self._puller.pull(self._consumer(queue), batch)
                if messages:
                    if Delivery.of(messages[-1]).left:
                        self._maybe.add(queue)
                    self._note(queue)
                    return list(messages)
        return []

    def _note(self, queue: tuple[int, int]) -> None:
        self._turn += 1
        self._served[queue[0]] = self._turn
        self._last = queue

    def _on_bell(self, subject: str) -> None:
        queue = subjects.queue_of(subject)
        if queue == self._standing.queue:
            self._standing.bells += 1
        self._ring(queue)

    def _ring(self, queue: tuple[int, int]) -> None:
        self._maybe.add(queue)
        self._rang.set()

    async def _sweep(self) -> None:
        self._sweep_at = time.monotonic() + _SWEEP_S
        with contextlib.suppress(NatsError, TimeoutError):
            waiting = await _waiting(self._bus, self._service, self._pool)
            self._maybe.update(subjects.queue_of(subject) for subject in waiting)

    async def _ensure_consumer(self, bucket: int, priority: int) -> None:
        await self._bus.jetstream.add_consumer(
            subjects.JOBS,
            ConsumerConfig(
                durable_name=self._consumer((bucket, priority)),
                filter_subject=subjects.jobs_in(self._service, self._pool, bucket, priority),
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=self._ack_wait_s,
                max_deliver=self._max_deliver,
                max_ack_pending=_MAX_ACK_PENDING,
            ),
        )


async def _unsubscribe(subscription: Subscription) -> None:
    with contextlib.suppress(NatsError):
        await subscription.unsubscribe()
