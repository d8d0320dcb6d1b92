"""Run a service's handlers as jobs: take, heartbeat, finish exactly once, retry, give up, drain."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog
from google.protobuf.message import DecodeError, Message
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from atelier.v1.common_pb2 import Control, ControlAction, Event
from services.kit import telemetry
from services.kit.bus import Bus
from services.kit.contract import Method, contract
from services.kit.control import ControlBoard
from services.kit.deadletters import bury
from services.kit.failures import BadInput, Failure, as_failure
from services.kit.job import Cancelled, Held, Job, JobInfo
from services.kit.journal import Journal, event_type, is_terminal
from services.kit.objects import ObjectStore
from services.kit.puller import Delivery
from services.kit.queue import FairQueue, JobEnvelope
from services.kit.tasks import end

log = structlog.get_logger(__name__)

Handler = Callable[[Message, Job], Awaitable[Message]]

# A job that ends sooner tells no `started`: one journal entry (a disk write) instead of two for trivial work.
_ANNOUNCE_AFTER_S = 0.02
# How long a handler may take to hear a cancel by itself before its task is cancelled.
_CANCEL_GRACE_S = 5.0
_BEAT_S = 0.5
# How long the last steps of a job (terminal event, acknowledgement) may take when the worker is told to end.
_ENDING_S = 5.0
# Slots that come free within this time are filled by one request rather than by one each.
_GATHER_S = 0.001


@dataclass(slots=True, eq=False)
class _Running:
    job: Job
    method: Method
    envelope: JobEnvelope
    message: Msg
    """The latest delivery: the one to answer."""
    task: asyncio.Task[None]
    beat_at: float = field(default_factory=time.monotonic)
    stalled: bool = False
    ending: bool = False
    """The handler is done; what is left must not be interrupted."""

    def shows_nothing(self) -> bool:
        """True if the job gave no sign of progress for its ack wait."""
        return self.stalled or time.monotonic() - self.job.last_activity > self.method.policy.ack_wait_s


class JobWorker:
    """Takes jobs of one service's pool and runs at most `slots` at once."""

    def __init__(
        self,
        bus: Bus,
        objects: ObjectStore | None,
        handlers: Mapping[str, tuple[Method, Handler]],
        *,
        service: str,
        instance: str,
        pool: str,
        slots: int,
    ) -> None:
        """`handlers` maps a job's kind to its method and handler."""
        self._bus = bus
        self._objects = objects
        self._handlers = handlers
        self._service = service
        self._instance = instance
        self._slots = slots
        self._journal = Journal(bus)
        self._queue = FairQueue(bus, service, pool, [method for method, _ in handlers.values()])
        self._board = ControlBoard(bus, self._on_word)
        self._running: dict[str, _Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._draining = False

    async def run(self) -> None:
        """Work until cancelled; call `drain` first for a soft end."""
        await self._board.start()
        await self._queue.start()
        beats = asyncio.create_task(self._beat(), name="job-heartbeats")
        try:
            while not self._draining:
                free = self._slots - len(self._tasks)
                if free <= 0:
                    self._freed.clear()
                    await self._freed.wait()
                    if self._slots - len(self._tasks) < self._slots // 8:
                        await asyncio.sleep(_GATHER_S)
                    continue
                for message in await self._queue.take(free):
                    if self._draining:
                        await message.nak()
                    else:
                        self._spawn(message)
            # Until the last job is over its heartbeats go on and a word to it is heard.
            while self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            await end(beats)
            await self._queue.stop()
            await self._board.stop()

    async def drain(self, patience_s: float) -> None:
        """Take nothing more; give running jobs `patience_s` seconds, then hand them back to the queue."""
        self._draining = True
        self._queue.halt()
        self._freed.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_s)
        endings = {entry.task for entry in self._running.values() if entry.ending}
        await end(*(self._tasks - endings))
        if endings:
            await asyncio.wait(endings, timeout=_ENDING_S)
        await end(*self._tasks)

    def _spawn(self, message: Msg) -> None:
        task = asyncio.create_task(self._handle(message), name="job")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._freed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The message stays unacknowledged and comes again.
            log.error("job_dropped", exc_info=error)

    # --- one delivery -------------------------------------------------------------------------------------------------

    async def _handle(self, message: Msg) -> None:
        try:
            envelope = JobEnvelope.of(message)
        except ValueError as error:
            log.error("not_a_job", subject=message.subject, error=str(error))
            await message.term()
            return
        known = self._handlers.get(envelope.kind)
        delivery = Delivery.of(message)
        if known is None:
            # Another version of this service knows it; each look costs the job one of its deliveries.
            await message.nak(delay=5 * delivery.attempt)
            return
        while (running := self._running.get(envelope.id)) is not None:
            if running.envelope.run == envelope.run and not running.shows_nothing():
                # Our own job came again (the bus was away longer than the ack wait): go on, and answer the new
                # delivery.
                running.message = message
                return
            await asyncio.wait([running.task])
        method, handler = known
        with telemetry.traced(envelope.traceparent, job_id=envelope.id, kind=envelope.kind):
            if (delivery.attempt > 1 or envelope.run > 1) and await self._is_over(envelope, delivery.attempt):
                await message.ack()
                return
            job = Job(_info(envelope, delivery.attempt, self._instance), self._journal, self._objects)
            task = asyncio.current_task()
            assert task is not None
            entry = self._running[envelope.id] = _Running(job, method, envelope, message, task)
            telemetry.job_wait_seconds(envelope.kind).observe(max(0.0, time.time() - delivery.stored_ns / 1e9))
            if delivery.attempt > 1:
                telemetry.JOBS_REDELIVERED.labels(envelope.kind).inc()
            running_gauge = telemetry.jobs_running(self._service)
            running_gauge.inc()
            try:
                # A word that comes while an earlier one is looked up is the newer of the two.
                job.control = await self._board.heard(envelope.id, sure=envelope.run > 1) or job.control
                await self._attempt(entry, handler)
            finally:
                running_gauge.dec()
                del self._running[envelope.id]

    async def _is_over(self, envelope: JobEnvelope, attempt: int) -> bool:
        """True if this delivery's work was done already and only its acknowledgement was lost."""
        last = await self._journal.last(envelope.id)
        return last is not None and (is_terminal(last) or (event_type(last) == "paused" and attempt > 1))

    async def _attempt(self, entry: _Running, handler: Handler) -> None:
        job, policy = entry.job, entry.method.policy
        announce = asyncio.get_running_loop().call_later(_ANNOUNCE_AFTER_S, self._announce, job)
        outcome = "dropped"
        limit = asyncio.timeout(policy.timeout_s or None)
        try:
            if job.attempt > policy.max_deliver:
                raise Failure(
                    f"{job.attempt - 1} workers took this job and none finished it", code="gave_up", retryable=True
                )
            if job.pause_requested:
                raise Held
            job.check()
            request = contract.complete(_decode(entry.method, entry.envelope.request))
            async with limit:
                result = await handler(request, job)
            announce.cancel()
            outcome = await self._end(entry, _completed(job, result))
        except Cancelled:
            announce.cancel()
            outcome = await self._end(entry, _cancelled(job))
        except Held:
            outcome = await self._hold(entry)
        except asyncio.CancelledError:
            announce.cancel()
            if entry.ending:
                # The worker ends and the bus is away: what was stored is found by whoever gets the job again.
                raise
            if job.cancelled:
                outcome = await self._end(entry, _cancelled(job))
            elif entry.stalled:
                log.error("job_stalled", ack_wait_s=policy.ack_wait_s)
            else:
                with contextlib.suppress(NatsError):
                    await entry.message.nak()
                raise
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                error = Failure(
                    f"the job ran longer than {policy.timeout_s} s", code="timed_out", hint="Ask for less at once."
                )
            if not isinstance(error, Failure):
                log.exception("job_raised")
            outcome = await self._fail(entry, as_failure(error))
        finally:
            announce.cancel()
            telemetry.job_seconds(job.kind, outcome).observe(time.monotonic() - job.started_at)

    def _announce(self, job: Job) -> None:
        task = asyncio.create_task(job.announce(), name="job-announce")
        task.add_done_callback(lambda t: t.cancelled() or t.exception())

    async def _end(self, entry: _Running, event: Event) -> str:
        entry.ending = True
        await entry.job.end(event)
        with contextlib.suppress(NatsError):
            await entry.message.ack()
        return event_type(event)

    async def _hold(self, entry: _Running) -> str:
        event = entry.job.event()
        event.paused.reason = entry.job.control.reason if entry.job.control else ""
        entry.ending = True
        await entry.job.emit(event)
        # Confirmed, unlike the others: a held job that came again could meet its own resumed run.
        with contextlib.suppress(NatsError, TimeoutError):
            await entry.message.ack_sync(timeout=5)
        return "paused"

    async def _fail(self, entry: _Running, failure: Failure) -> str:
        job, policy = entry.job, entry.method.policy
        if failure.retryable and job.attempt < policy.max_deliver:
            pauses = policy.backoff_s or [1]
            delay = failure.retry_after_s or float(pauses[min(job.attempt, len(pauses)) - 1])
            await job.log(f"{failure.message}; trying again in {delay:.0f} s", level="warning")
            with contextlib.suppress(NatsError):
                await entry.message.nak(delay=delay)
            self._queue.expect_soon(entry.message.subject, delay)
            return "retried"
        entry.ending = True
        if failure.retryable:
            await bury(self._bus, entry.envelope, f"gave up after {job.attempt} deliveries: {failure.message}")
        event = job.event()
        event.failed.error.CopyFrom(failure.to_proto())
        return await self._end(entry, event)

    # --- while they run -----------------------------------------------------------------------------------------------

    def _on_word(self, job_id: str, control: Control) -> None:
        entry = self._running.get(job_id)
        if entry is None:
            return
        entry.job.control = control
        if control.action == ControlAction.CONTROL_ACTION_CANCEL:
            asyncio.get_running_loop().call_later(_CANCEL_GRACE_S, _insist, entry)

    async def _beat(self) -> None:
        """Extend the delivery of every job that shows progress; let go of those that show none for their ack wait."""
        while True:
            await asyncio.sleep(_BEAT_S)
            now = time.monotonic()
            for entry in list(self._running.values()):
                if entry.ending or not self._bus.connected:
                    # Nobody can tell progress while the bus is away; that is no stall.
                    entry.job.alive()
                if entry.shows_nothing():
                    if not entry.stalled:
                        entry.stalled = True
                        entry.task.cancel()
                elif (
                    now - entry.beat_at > entry.method.policy.ack_wait_s / 3 and entry.job.last_activity > entry.beat_at
                ):
                    entry.beat_at = now
                    with contextlib.suppress(NatsError):
                        await entry.message.in_progress()


def _insist(entry: _Running) -> None:
    """End a cancelled job that did not listen."""
    if not entry.ending:
        entry.task.cancel()


def _info(envelope: JobEnvelope, attempt: int, worker: str) -> JobInfo:
    return JobInfo(
        envelope.id,
        envelope.kind,
        envelope.owner,
        envelope.project,
        attempt,
        envelope.run,
        envelope.traceparent,
        worker,
    )


def _decode(method: Method, data: bytes) -> Message:
    try:
        return method.request_type.FromString(data)
    except DecodeError as error:
        raise BadInput(f"the request is no {method.request_type.DESCRIPTOR.full_name}: {error}") from error


def _completed(job: Job, result: Message) -> Event:
    event = job.event()
    event.completed.result.Pack(result)
    event.completed.duration_s = time.monotonic() - job.started_at
    return event


def _cancelled(job: Job) -> Event:
    event = job.event()
    event.cancelled.reason = job.control.reason if job.control else ""
    return event
