"""Notes which runs the bus has acknowledged, many to a transaction, so that accepting a job costs one transaction."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.catalog import jobs
from gateway.catalog.database import Database
from gateway.catalog.jobs import Published
from services.kit.failures import Failure

log = structlog.get_logger(__name__)

# Long enough to gather what comes in together, short enough that nobody looks in between.
_GATHER_S = 0.02


class Marks:
    """Marks on their way into the catalog. One that is lost in a crash is made again by reconciling."""

    def __init__(self, database: Database) -> None:
        """Nothing is written until `run`."""
        self._database = database
        self._waiting: dict[str, Published] = {}
        self._arrived = asyncio.Event()

    def put(self, mark: Published) -> None:
        """Note one."""
        self._waiting[mark.job_id] = mark
        self._arrived.set()

    def place(self, job_id: str, run: int) -> int | None:
        """Where a run stands in the queue, if its mark is still here."""
        mark = self._waiting.get(job_id)
        return mark.stream_seq if mark is not None and mark.run == run else None

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(_GATHER_S)
            try:
                await self.flush()
            except (SQLAlchemyError, OSError, Failure) as error:
                log.warning("marks_not_written", error=str(error))
                await asyncio.sleep(1.0)

    async def flush(self) -> None:
        """Write what is here."""
        self._arrived.clear()
        marks = list(self._waiting.values())
        if not marks:
            return
        async with self._database.write() as session:
            await jobs.mark_published(session, marks)
        for mark in marks:
            if self._waiting.get(mark.job_id) is mark:
                del self._waiting[mark.job_id]
