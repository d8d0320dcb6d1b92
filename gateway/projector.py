"""Keeps the catalog in step with the journal. All copies of the gateway share the work."""

import asyncio

import structlog
from nats.errors import Error as NatsError
from sqlalchemy.exc import SQLAlchemyError

from atelier.v1.common_pb2 import Event
from gateway import projection
from gateway.catalog.database import Database
from gateway.metrics import EVENTS_PROJECTED
from gateway.settled import Settled
from services.kit.failures import Failure, Unavailable
from services.kit.journal import Journal

log = structlog.get_logger(__name__)

_READER = "projector"
_RESTART_S = 0.5


class Projector:
    """Reads the journal as one of the readers named `projector` and writes rows, one transaction per batch."""

    def __init__(self, journal: Journal, database: Database, settled: Settled) -> None:
        """Nothing is read until `run`."""
        self._journal = journal
        self._database = database
        self._settled = settled

    async def run(self) -> None:
        """Project until cancelled."""
        while True:
            try:
                await self._journal.consume(_READER, self._project)
            except (NatsError, TimeoutError, Failure) as error:
                log.warning("projector_interrupted", error=str(error) or type(error).__name__)
            await asyncio.sleep(_RESTART_S)

    async def _project(self, events: list[Event]) -> None:
        try:
            async with self._database.write() as session:
                EVENTS_PROJECTED.inc(await projection.apply(session, events))
        except (SQLAlchemyError, OSError) as error:
            # The batch is not acknowledged and comes again.
            raise Unavailable(f"the catalog did not take the events: {error}") from error
        await self._settled.tell(events)
