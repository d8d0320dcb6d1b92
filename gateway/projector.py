"""Keeps the catalog in step with the journal. All copies of the gateway share the work."""

import asyncio
from collections.abc import Sequence

import structlog
from nats.errors import Error as NatsError
from sqlalchemy.exc import SQLAlchemyError

from atelier.v1.common_pb2 import Event
from gateway import projection
from gateway.catalog import assets
from gateway.catalog.database import Database
from gateway.metrics import EVENTS_PROJECTED
from gateway.settled import Settled
from services.kit.failures import Failure, Unavailable
from services.kit.ids import asset_id
from services.kit.journal import Journal, event_type

log = structlog.get_logger(__name__)

_READER = "projector"
_RESTART_S = 0.5
# A transaction costs the same for one event as for a hundred: alone an event is written at once, in a crowd together.
_EVERY_S = 0.02


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
                await self._journal.consume(_READER, self.project, every_s=_EVERY_S)
            except (NatsError, TimeoutError, Failure) as error:
                log.warning("projector_interrupted", error=str(error) or type(error).__name__)
            await asyncio.sleep(_RESTART_S)

    async def project(self, events: Sequence[Event]) -> None:
        """Write one batch; raises `Unavailable` if the catalog does not take it."""
        try:
            events = [*events, *await self._outputs_elsewhere(events)]
            async with self._database.write() as session:
                EVENTS_PROJECTED.inc(await projection.apply(session, events))
        except (SQLAlchemyError, OSError) as error:
            # The batch is not acknowledged and comes again.
            raise Unavailable(f"the catalog did not take the events: {error}") from error
        await self._settled.tell(events)

    async def _outputs_elsewhere(self, events: Sequence[Event]) -> list[Event]:
        """Whoever sees a job's end must see its outputs, but another copy may have been given their events and not have
        written them yet: such are read from the journal."""
        here = {event.output.asset.id for event in events if event_type(event) == "output"}
        told = {asset_id(event.job_id, index): event.job_id for event in events for index in event.outputs}
        wanted = [an_id for an_id in told if an_id not in here]
        if not wanted:
            return []
        async with self._database.read() as session:
            known = await assets.known(session, wanted)
        found: list[Event] = []
        for job_id in {told[an_id] for an_id in wanted if an_id not in known}:
            found += [e for e in (await self._journal.replay(job_id)).events if event_type(e) == "output"]
        return found
