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
from services.kit.journal import Journal, end_id, event_type, is_terminal
from services.kit.objects import ObjectStore
from services.kit.queue import FairQueue, JobEnvelope
from services.kit.tasks import end

log = structlog.get_logger(__name__)

Handler = Callable[[Message, Job], Awaitable[Message]]

# A job that ends sooner tells no `started`: one journal entry (a disk write) instead of two for trivial work.
_ANNOUNCE_AFTER_S = 0.02
# How long a handler may take to hear a cancel by itself before its task is cancelled.
_CANCEL_GRACE_S = 5.0
_BEAT_S = 0.5


@dataclass
class _Running:
    job: Job
    method: Method
    message: Msg
    task: asyncio.Task[None] | None = None
    beat_at: float = field(default_factory=time.monotonic)
    stalled: bool = False


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
                    continue
                for message in await self._queue.take(free):
                    self._spawn(message)
        finally:
            await end(beats)
            await self._queue.stop()
            await self._board.stop()

    async def drain(self, patience_s: float) -> None:
        """Take nothing more; give running jobs `patience_s` seconds, then hand them back to the queue."""
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience_s)
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
        envelope = JobEnvelope.of(message)
        attempt = message.metadata.num_delivered or 1
        running = self._running.get(envelope.id)
        if running is not None:
            # Our own job came again (the bus was away longer than the ack wait): go on, and answer for the new delivery.
            running.message = message
            return
        known = self._handlers.get(envelope.kind)
        if known is None:
            await message.nak(delay=5)
            return
        method, handler = known
        with telemetry.traced(envelope.traceparent, job_id=envelope.id, kind=envelope.kind):
            if (attempt > 1 or envelope.run > 1) and await self._is_over(envelope, attempt):
                await message.ack()
                return
            info = JobInfo(
                envelope.id,
                envelope.kind,
                envelope.owner,
                envelope.project,
                attempt,
                envelope.run,
                envelope.traceparent,
                self._instance,
            )
            job = Job(info, self._journal, self._objects)
            job.control = self._board.word(envelope.id)
            entry = self._running[envelope.id] = _Running(job, method, message, asyncio.current_task())
            telemetry.JOB_WAIT_SECONDS.labels(envelope.kind).observe(_waited_s(message))
            if attempt > 1:
                telemetry.JOBS_REDELIVERED.labels(envelope.kind).inc()
            telemetry.JOBS_RUNNING.labels(self._service).inc()
            try:
                await self._attempt(entry, envelope, handler)
            finally:
                telemetry.JOBS_RUNNING.labels(self._service).dec()
                del self._running[envelope.id]

    async def _is_over(self, envelope: JobEnvelope, attempt: int) -> bool:
        """True if this delivery's work was done already and only its acknowledgement was lost."""
        last = await self._journal.last(envelope.id)
        return last is not None and (is_terminal(last) or (event_type(last) == "paused" and attempt > 1))

    async def _attempt(self, entry: _Running, envelope: JobEnvelope, handler: Handler) -> None:
        job = entry.job
        announce = asyncio.get_running_loop().call_later(_ANNOUNCE_AFTER_S, self._announce, job)
        outcome = "dropped"
        try:
            if job.pause_requested:
                raise Held
            job.check()
            request = contract.complete(_decode(entry.method, envelope.request))
            limit = entry.method.policy.timeout_s or None
            async with asyncio.timeout(limit):
                result = await handler(request, job)
            outcome = await self._end(entry, _completed(job, result))
        except Cancelled:
            outcome = await self._end(entry, _cancelled(job))
        except Held:
            outcome = await self._hold(entry)
        except asyncio.CancelledError:
            if job.cancelled:
                outcome = await self._end(entry, _cancelled(job))
            elif entry.stalled:
                log.error("job_stalled", ack_wait_s=entry.method.policy.ack_wait_s)
            else:
                with contextlib.suppress(NatsError):
                    await entry.message.nak()
                raise
        except TimeoutError:
            limit_s = entry.method.policy.timeout_s
            failure = Failure(f"the job ran longer than {limit_s} s", code="timed_out", hint="Ask for less at once.")
            outcome = await self._fail(entry, envelope, failure)
        except Exception as error:
            if not isinstance(error, Failure):
                log.exception("job_raised")
            outcome = await self._fail(entry, envelope, as_failure(error))
        finally:
            announce.cancel()
            telemetry.JOB_SECONDS.labels(job.kind, outcome).observe(time.monotonic() - job.started_at)

    def _announce(self, job: Job) -> None:
        task = asyncio.create_task(job.announce(), name="job-announce")
        task.add_done_callback(lambda t: t.cancelled() or t.exception())

    async def _end(self, entry: _Running, event: Event) -> str:
        # Shielded: a drain must not tear the terminal event from the acknowledgement.
        await asyncio.shield(self._journal.append(event, end_id(event.job_id), patience_s=None))
        with contextlib.suppress(NatsError):
            await entry.message.ack()
        return event_type(event)

    async def _hold(self, entry: _Running) -> str:
        event = entry.job.event()
        event.paused.reason = entry.job.control.reason if entry.job.control else ""
        await entry.job.emit(event)
        with contextlib.suppress(NatsError):
            await entry.message.ack()
        return "paused"

    async def _fail(self, entry: _Running, envelope: JobEnvelope, failure: Failure) -> str:
        job, policy = entry.job, entry.method.policy
        if failure.retryable and job.attempt < policy.max_deliver:
            pauses = policy.backoff_s or [1]
            delay = failure.retry_after_s or float(pauses[min(job.attempt, len(pauses)) - 1])
            await job.log(f"{failure.message}; trying again in {delay:.0f} s", level="warning")
            with contextlib.suppress(NatsError):
                await entry.message.nak(delay=delay)
            self._queue.expect_soon(entry.message.subject, delay)
            return "retried"
        if failure.retryable:
            await bury(self._bus, envelope, f"gave up after {job.attempt} deliveries: {failure.message}")
        event = job.event()
        event.failed.error.CopyFrom(failure.to_proto())
        return await self._end(entry, event)

    # --- while they run -----------------------------------------------------------------------------------------------

    def _on_word(self, job_id: str, control: Control) -> None:
        entry = self._running.get(job_id)
        if entry is None:
            return
        entry.job.control = control
        if control.action == ControlAction.CONTROL_ACTION_CANCEL and entry.task is not None:
            asyncio.get_running_loop().call_later(_CANCEL_GRACE_S, entry.task.cancel)

    async def _beat(self) -> None:
        """Extend the delivery of every job that shows progress; let go of those that show none for their ack wait."""
        while True:
            await asyncio.sleep(_BEAT_S)
            now = time.monotonic()
            for entry in list(self._running.values()):
                ack_wait = float(entry.method.policy.ack_wait_s)
                quiet = now - entry.job.last_activity
                if quiet > ack_wait and not entry.stalled:
                    entry.stalled = True
                    if entry.task is not None:
                        entry.task.cancel()
                elif now - entry.beat_at > ack_wait / 3 and entry.job.last_activity > entry.beat_at:
                    entry.beat_at = now
                    with contextlib.suppress(NatsError):
                        await entry.message.in_progress()


def _waited_s(message: Msg) -> float:
    return max(0.0, time.time() - message.metadata.timestamp.timestamp())


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
