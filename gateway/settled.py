"""Whoever hears that something was made or ended must find it so in the catalog at once."""

import asyncio
import time

from sqlalchemy import select

from atelier.v1.common_pb2 import Event
from gateway.catalog.database import Database
from gateway.catalog.models import JobRow
from services.kit.journal import TERMINAL, event_type

# The projector is some milliseconds behind the journal. A catalog that is away must not silence live events, so the
# wait is bounded.
_PATIENCE_S = 1.0
_LOOK_S = 0.005


async def settle(database: Database, event: Event) -> None:
    """Wait until the catalog holds what an output or an ending told; returns at once for any other event."""
    if event_type(event) != "output" and event_type(event) not in TERMINAL:
        return
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        async with database.read() as session:
            reached = await session.scalar(select(JobRow.last_seq).where(JobRow.id == event.job_id))
        if reached is not None and reached >= event.seq:
            return
        await asyncio.sleep(_LOOK_S)
