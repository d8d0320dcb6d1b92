"""Finds jobs gone astray between catalog and bus and mends them. Every copy of the gateway may do so at once."""

import asyncio
import random
from datetime import timedelta

import structlog
from nats.errors import Error as NatsError
from sqlalchemy.exc import SQLAlchemyError

from gateway.catalog import conversations, idempotency, jobs
from gateway.catalog.database import Database
from gateway.catalog.models import JobRow, now
from gateway.jobs import Jobs
from gateway.metrics import JOBS_MENDED
from services.kit.failures import Failure
from services.kit.journal import Journal, is_terminal
from services.kit.queue import JobQueue

log = structlog.get_logger(__name__)

_BATCH = 100
# Younger rows are in the middle of being published.
_UNPUBLISHED_AFTER = timedelta(seconds=5)
# A job that is neither on the queue nor heard of for this long stands nowhere.
_QUIET_AFTER = timedelta(seconds=60)
# A writer renews its message every few seconds.
_ABANDONED_AFTER = timedelta(seconds=60)


class Reconciler:
    """Looks again and again, a batch at a time."""

    def __init__(
        self,
        database: Database,
        jobs_: Jobs,
        queue: JobQueue,
        journal: Journal,
        *,
        every_s: float,
        keys_kept: timedelta,
        quiet_after: timedelta = _QUIET_AFTER,
    ) -> None:
        """`keys_kept`: how long idempotency keys are remembered."""
        self._database = database
        self._jobs = jobs_
        self._queue = queue
        self._journal = journal
        self._every_s = every_s
        self._keys_kept = keys_kept
        self._quiet_after = quiet_after
        self._after_id = ""

    async def run(self) -> None:
        """Reconcile until cancelled."""
        while True:
            try:
                await self.once()
            except (NatsError, TimeoutError, Failure, SQLAlchemyError, OSError) as error:
                log.warning("reconciling_interrupted", error=str(error) or type(error).__name__)
            # Copies that were started together should not look at the same moment.
            await asyncio.sleep(self._every_s * random.uniform(0.8, 1.2))

    async def once(self) -> None:
        """One look at everything."""
        await self._publish_unpublished()
        await self._mend_quiet()
        async with self._database.write() as session:
            await conversations.end_abandoned(session, _ABANDONED_AFTER)
            await idempotency.forget(session, self._keys_kept)

    async def _publish_unpublished(self) -> None:
        async with self._database.read() as session:
            rows = await jobs.unpublished(session, now() - _UNPUBLISHED_AFTER, _BATCH)
        for row in rows:
            # Same id and run: if the bus has it already, it is stored once and only the note was missing.
            await self._jobs.publish(row)
            JOBS_MENDED.labels("published").inc()
            log.info("job_published_late", job_id=row.id, run=row.run)

    async def _mend_quiet(self) -> None:
        async with self._database.read() as session:
            rows = await jobs.quiet(session, now() - self._quiet_after, self._after_id, _BATCH)
        self._after_id = rows[-1].id if len(rows) == _BATCH else ""
        for row in rows:
            await self._mend(row)

    async def _mend(self, row: JobRow) -> None:
        # In this order: a job leaves the queue only after its end was written, so one that is off the queue without
        # an end in the journal afterwards is really lost.
        waits = row.stream_seq is not None and await self._queue.holds(row.stream_seq)
        last = await self._journal.last(row.id)
        if last is not None and is_terminal(last):
            await self._jobs.catch_up(row.id)
            JOBS_MENDED.labels("caught_up").inc()
        elif not waits and row.request and await self._jobs.requeue_lost(row):
            JOBS_MENDED.labels("requeued").inc()
            log.warning("job_requeued", job_id=row.id, run=row.run + 1)
