"""Deletes what nobody wants to be kept: temporary assets whose time is up, what is still stored of deleted ones, and
what a process that was killed left on disk. Every copy of the gateway may do so at once."""

import asyncio
import random
import shutil
import time
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway import library
from gateway.catalog import assets
from gateway.catalog.database import Database
from gateway.catalog.models import now
from services.kit.failures import Failure
from services.kit.objects import ObjectStore

log = structlog.get_logger(__name__)

_BATCH = 200
# Whoever deleted a younger one is about to do it.
_LEFT_AFTER = timedelta(seconds=30)
# No upload takes so long.
_SCRATCH_AFTER_S = 24 * 3600.0


class Retention:
    """Looks again and again, a batch at a time."""

    def __init__(
        self,
        database: Database,
        objects: ObjectStore,
        scratch: Path,
        *,
        every_s: float,
        left_after: timedelta = _LEFT_AFTER,
    ) -> None:
        """`scratch`: the folder for what is on its way to object storage."""
        self._database = database
        self._objects = objects
        self._scratch = scratch
        self._every_s = every_s
        self._left_after = left_after

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.once()
            except (Failure, SQLAlchemyError, OSError) as error:
                log.warning("retention_interrupted", error=str(error))
            # Copies that were started together should not look at the same moment.
            await asyncio.sleep(self._every_s * random.uniform(0.8, 1.2))

    async def once(self) -> None:
        """One look at everything."""
        async with self._database.read() as session:
            expired = await assets.expired(session, now(), _BATCH)
        if expired:
            await library.expire(self._database, self._objects, expired)
            log.info("temporary_assets_expired", count=len(expired))
        async with self._database.read() as session:
            left = await assets.left_behind(session, now() - self._left_after, _BATCH)
        if left:
            done = await library.empty(self._database, self._objects, {row.id: row.keys or [] for row in left})
            log.info("objects_of_deleted_assets_gone", count=done)
        await asyncio.to_thread(_clear, self._scratch)


def _clear(folder: Path) -> None:
    before = time.time() - _SCRATCH_AFTER_S
    for place in folder.iterdir() if folder.is_dir() else ():
        if place.is_dir() and place.stat().st_mtime < before:
            shutil.rmtree(place, ignore_errors=True)
