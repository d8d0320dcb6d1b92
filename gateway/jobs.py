"""What can be done with jobs: accept, cancel, hold, resume, move, repeat."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncSession

from atelier.v1.common_pb2 import Cancelled, ControlAction, Event, Paused, Queued
from gateway import frames, projection
from gateway.catalog import idempotency, jobs
from gateway.catalog.database import Database
from gateway.catalog.jobs import Published
from gateway.catalog.models import TERMINAL, JobRow, now
from gateway.intake import Intake
from gateway.marks import Marks
from gateway.metrics import JOBS_ACCEPTED
from gateway.streams import Hub, Interest
from services.kit.bus import Bus
from services.kit.contract import Method, contract
from services.kit.control import clear_control, send_control
from services.kit.failures import Conflict, NotFound, Unavailable
from services.kit.ids import new_ulid
from services.kit.journal import Journal, end_id, event_type
from services.kit.queue import JobEnvelope, JobQueue

log = structlog.get_logger(__name__)

# How long a request waits for a worker's word, so that the answer already shows what came of it.
_ANSWER_WITHIN_S = 3.0


@dataclass(frozen=True)
class NewJob:
    """A job that someone asks for."""

    owner_id: str
    method: Method
    request: Message
    params: dict[str, Any]
    """The request as its sender knows it, before references were resolved."""
    project_id: str | None = None
    traceparent: str = ""
    retry_of: str | None = None
    priority: int = 0
    teaches: bool = False
    """True if the words of its prompt are to be learned."""


@dataclass(frozen=True)
class Accepted:
    """An accepted job and how many were ahead of it."""

    row: JobRow
    position: int | None


class Jobs:
    """Acts on jobs through the catalog and the bus, in an order that a crash at any point leaves mendable."""

    def __init__(self, database: Database, bus: Bus, queue: JobQueue, journal: Journal, hub: Hub, marks: Marks) -> None:
        """All of them running."""
        self._database = database
        self._intake = Intake(database)
        self._bus = bus
        self._queue = queue
        self._journal = journal
        self._hub = hub
        self._marks = marks

    async def submit(self, new: NewJob, key: idempotency.Key | None = None) -> Accepted:
        """Accept a job: its row first, then the bus. Once this returns the job survives anything.

        The same key and request give the same job. Raises `Unavailable` while the bus is away.
        """
        data = new.request.SerializeToString()
        if not self._bus.connected:
            raise Unavailable("The bus is away, so no job can be taken.", retry_after_s=2)
        self._bus.check_size(data)
        row = _row(new, data)
        if key is None:
            ahead = await self._intake.add(row)
        else:
            async with self._database.write() as session:
                earlier = await idempotency.claim(session, new.owner_id, key, row.id)
                if earlier is not None:
                    return await self._again(session, new.owner_id, earlier)
                (ahead,) = await jobs.add(session, [row])
        JOBS_ACCEPTED.labels(row.kind).inc()
        try:
            await self.publish(row, ahead)
        except Unavailable as error:
            # The row is kept, so the job is: reconciling sends it as soon as the bus takes it.
            log.warning("job_waits_for_bus", job_id=row.id, error=error.message)
        return Accepted(row, ahead)

    async def _again(self, session: AsyncSession, owner_id: str, job_id: str) -> Accepted:
        row = await self._found(session, owner_id, job_id)
        return Accepted(row, (await jobs.positions(session, [row])).get(row.id))

    async def publish(self, row: JobRow, ahead: int = 0) -> None:
        """Put the present run of a job in the queue and tell of it; doing it again does nothing more."""
        event = _event(row)
        event.queued.CopyFrom(Queued(position=ahead))
        # Both are disk writes of the bus; it keeps the order in which one connection sends them.
        _, place = await asyncio.gather(
            self._journal.append(event, f"{row.id}:{row.run}:queued"), self._queue.submit(_envelope(row))
        )
        self._marks.put(Published(row.id, row.run, place.stream_seq))

    async def cancel(self, owner_id: str, job_id: str, reason: str) -> JobRow:
        """End a job: a waiting one at once, a running one within a step. Cancelling twice is no error."""
        row = await self._get(owner_id, job_id)
        if row.status == "cancelled":
            return row
        _refuse_ended(row, "cancelled")
        with self._hub.listening(owner_id) as listener:
            self._hub.add(listener, Interest(job_id=job_id))
            await send_control(self._bus, job_id, ControlAction.CONTROL_ACTION_CANCEL, reason)
            if row.status == "paused" or not await self._started(job_id):
                await self._take_out(row)
                event = _event(row)
                event.cancelled.CopyFrom(Cancelled(reason=reason))
                await self._journal.append(event, end_id(job_id))
            await _heard(listener.take, lambda frame: frame.terminal)
        return await self._caught_up(owner_id, job_id)

    async def pause(self, owner_id: str, job_id: str) -> JobRow:
        """Hold a waiting job, or a running one whose method keeps checkpoints. Pausing twice is no error."""
        row = await self._get(owner_id, job_id)
        if row.status == "paused":
            return row
        _refuse_ended(row, "paused")
        if row.status == "pending" and not await self._started(job_id) and await self._take_out(row):
            async with self._database.write() as session:
                held = await jobs.hold(session, row)
            if held is not None:
                event = _event(row)
                event.paused.CopyFrom(Paused(reason="held before it began"))
                await self._journal.append(event, f"{row.id}:{row.run}:held")
                return held
        method = contract.methods.get(row.kind)
        if method is None or not method.policy.pausable:
            raise Conflict(
                f"The job runs already, and {row.kind} jobs cannot be paused while they run.",
                hint="Let it end, or cancel it.",
            )
        with self._hub.listening(owner_id) as listener:
            self._hub.add(listener, Interest(job_id=job_id))
            await send_control(self._bus, job_id, ControlAction.CONTROL_ACTION_PAUSE, "paused by its owner")
            await _heard(listener.take, lambda frame: frame.terminal or b'"type":"paused"' in frame.body)
        return await self._caught_up(owner_id, job_id)

    async def resume(self, owner_id: str, job_id: str) -> JobRow:
        """Put a held job back in the queue; it goes on from its checkpoint if it has one."""
        row = await self._get(owner_id, job_id)
        if row.status != "paused":
            raise Conflict(f"The job is {row.status}, not paused.")
        await clear_control(self._bus, job_id)
        return await self._requeue(row, status="pending", message="")

    async def set_priority(self, owner_id: str, job_id: str, priority: int) -> JobRow:
        """Move a waiting job before (1) or among (0) its owner's others."""
        row = await self._get(owner_id, job_id)
        if row.status not in ("pending", "paused"):
            raise Conflict(f"The job is {row.status}; only the place of a waiting job can be changed.")
        if row.priority == priority:
            return row
        if row.status == "paused":
            async with self._database.write() as session:
                return await jobs.next_run(session, row, priority=priority, published=True) or row
        if await self._started(job_id) or not await self._take_out(row):
            raise Conflict("The job has just begun; its place cannot be changed any more.")
        return await self._requeue(row, priority=priority)

    async def retry(self, owner_id: str, job_id: str, traceparent: str, key: idempotency.Key | None) -> Accepted:
        """A new job with the request of one that has ended."""
        row = await self._get(owner_id, job_id)
        if row.status not in TERMINAL:
            raise Conflict(f"The job is {row.status}; only a job that has ended can be repeated.")
        method = contract.methods.get(row.kind)
        if method is None or not row.request:
            raise Conflict(f"The request of this {row.kind} job is not known here, so it cannot be repeated.")
        request = method.request_type.FromString(row.request)
        new = NewJob(owner_id, method, request, row.params, row.project_id, traceparent, retry_of=row.id)
        return await self.submit(new, key)

    async def requeue_lost(self, row: JobRow) -> bool:
        """Put a job that stands nowhere back in the queue; False if another copy of the gateway was faster."""
        async with self._database.write() as session:
            fresh = await jobs.next_run(session, row, status="pending")
        if fresh is None:
            return False
        await self.publish(fresh)
        return True

    async def catch_up(self, job_id: str, after: int = 0) -> None:
        """Write what the journal says about a job into its row, without waiting for the projector's turn."""
        replay = await self._journal.replay(job_id, after)
        if replay.events:
            async with self._database.write() as session:
                await projection.apply(session, replay.events)

    async def _requeue(self, row: JobRow, **changes: Any) -> JobRow:
        async with self._database.write() as session:
            fresh = await jobs.next_run(session, row, **changes)
        if fresh is None:
            raise Conflict("The job changed just now; look again.", hint="Another request may have been faster.")
        await self.publish(fresh)
        return fresh

    async def _take_out(self, row: JobRow) -> bool:
        """Take a waiting job off the queue; False if it does not stand there any more."""
        if row.status == "paused":
            return False
        place = row.stream_seq or self._marks.place(row.id, row.run)
        if place is None:
            # Published by another copy a moment ago: storing the same run again stores nothing and tells its place.
            place = (await self._queue.submit(_envelope(row))).stream_seq
        return await self._queue.remove(place)

    async def _started(self, job_id: str) -> bool:
        """True if a worker was heard of last. The row may be a moment behind; the journal is not."""
        last = await self._journal.last(job_id)
        return last is not None and last.attempt > 0 and event_type(last) != "paused"

    async def _caught_up(self, owner_id: str, job_id: str) -> JobRow:
        await self.catch_up(job_id)
        return await self._get(owner_id, job_id)

    async def _get(self, owner_id: str, job_id: str) -> JobRow:
        async with self._database.read() as session:
            return await self._found(session, owner_id, job_id)

    @staticmethod
    async def _found(session: AsyncSession, owner_id: str, job_id: str) -> JobRow:
        row = await jobs.get(session, owner_id, job_id)
        if row is None:
            raise NotFound(f"There is no job {job_id}.")
        return row


async def _heard(take: Callable[[float], Any], wanted: Callable[[frames.Frame], bool]) -> bool:
    """Wait a short while for an event."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _ANSWER_WITHIN_S
    while (left := deadline - loop.time()) > 0:
        if any(wanted(frame) for frame in await take(left)):
            return True
    return False


def _refuse_ended(row: JobRow, what: str) -> None:
    if row.status in TERMINAL:
        raise Conflict(f"The job has already ended ({row.status}), so it cannot be {what}.")


def _row(new: NewJob, data: bytes) -> JobRow:
    moment = now()
    return JobRow(
        id=new_ulid(),
        owner_id=new.owner_id,
        project_id=new.project_id,
        kind=new.method.kind,
        service=new.method.service,
        status="pending",
        priority=new.priority,
        run=1,
        published=False,
        request=data,
        params=new.params,
        traceparent=new.traceparent or None,
        retry_of=new.retry_of,
        progress=0.0,
        stage="",
        message="",
        attempts=0,
        last_seq=0,
        created_at=moment,
        updated_at=moment,
        learned=not new.teaches,
    )


def _event(row: JobRow) -> Event:
    event = Event(job_id=row.id, kind=row.kind, owner_id=row.owner_id, project_id=row.project_id or "")
    event.time.GetCurrentTime()
    return event


def _envelope(row: JobRow) -> JobEnvelope:
    return JobEnvelope(
        id=row.id,
        kind=row.kind,
        owner=row.owner_id,
        request=row.request,
        project=row.project_id or "",
        priority=row.priority,
        run=row.run,
        traceparent=row.traceparent or "",
    )


def request_hash(method: str, path: str, body: bytes) -> str:
    """What an Idempotency-Key is bound to."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()
