"""Writes new jobs into the catalog: those that come in together share one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import DataError, IntegrityError

from gateway.catalog import jobs
from gateway.catalog.database import Database
from gateway.catalog.models import JobRow

# Rows of one transaction.
_AT_ONCE = 500


@dataclass(frozen=True)
class _Waiting:
    row: JobRow
    ahead: asyncio.Future[int]


class Intake:
    """A transaction costs the same for one row as for a hundred, so whoever comes while one is written waits for the
    next together with all others."""

    def __init__(self, database: Database) -> None:
        """For new rows of this database."""
        self._database = database
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, row: JobRow) -> int:
        """Write a new job's row; returns how many jobs were ahead of it. Raises what the database raises."""
        one = _Waiting(row, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="intake")
        return await one.ahead

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            await self._insert(batch)

    async def _insert(self, batch: Sequence[_Waiting]) -> None:
        """Write a batch and tell its members how it went."""
        try:
            async with self._database.write() as session:
                places = await jobs.add(session, [one.row for one in batch])
        except (IntegrityError, DataError) as error:
            if len(batch) == 1:
                _tell(batch, error)
                return
            # One of them is not to be had; the others must not suffer for it.
            for one in batch:
                await self._insert([one])
        except Exception as error:
            # The database is at fault, and whoever asked must know.
            _tell(batch, error)
        else:
            for one, place in zip(batch, places, strict=True):
                if not one.ahead.done():
                    one.ahead.set_result(place)


def _tell(batch: Sequence[_Waiting], error: Exception) -> None:
    for one in batch:
        if not one.ahead.done():
            one.ahead.set_exception(error)
