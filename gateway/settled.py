"""Whoever hears that something was made or ended must find it so in the catalog at once."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from atelier.v1.common_pb2 import Event
from gateway.catalog import assets
from gateway.catalog.database import Database
from gateway.catalog.models import JobRow
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.journal import TERMINAL, event_type

# The projector is some milliseconds behind the journal. A catalog that is away must not silence live events, so the
# wait is bounded.
_PATIENCE_S = 1.0
_FIRST_LOOK_S = 0.05
# An event this old has long been written, or will not be soon.
_OLD = timedelta(seconds=30)
_REMEMBERED = 10_000


class Settled:
    """Knows which outputs and endings the catalog holds, from the projectors of all copies of the gateway."""

    def __init__(self, bus: Bus, database: Database) -> None:
        """Hears nothing until `start`."""
        self._bus = bus
        self._database = database
        self._reached: OrderedDict[str, int] = OrderedDict()
        self._news = asyncio.Event()
        # After a wait in vain nobody waits again until a projector is heard.
        self._silent = False
        self._subscription: Any = None

    async def start(self) -> None:
        """Listen to the other copies."""
        self._subscription = await self._bus.client.subscribe(subjects.PROJECTED, cb=self._hear)

    async def stop(self) -> None:
        """Listen no more."""
        if self._subscription is not None:
            with suppress(NatsError):
                await self._subscription.unsubscribe()

    async def tell(self, events: Sequence[Event]) -> None:
        """The catalog holds these events."""
        reached = [(event.job_id, event.seq) for event in events if _matters(event)]
        if not reached:
            return
        self._note(reached)
        # Those who miss it look into the catalog themselves, a little later.
        with suppress(NatsError):
            await self._bus.publish(subjects.PROJECTED, orjson.dumps(reached))

    async def wait(self, event: Event) -> None:
        """Wait until the catalog holds what an output or an ending told; returns at once for any other event."""
        if not _matters(event) or datetime.now(UTC) - event.time.ToDatetime(UTC) > _OLD:
            return
        deadline = time.monotonic() + _PATIENCE_S
        pause = _FIRST_LOOK_S
        while self._reached.get(event.job_id, 0) < event.seq and not self._silent:
            self._news.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                # It may have been written before we began to hear.
                if await self._is_written(event):
                    self._note([(event.job_id, event.seq)])
                elif time.monotonic() > deadline:
                    self._silent = True
                pause *= 2

    async def _is_written(self, event: Event) -> bool:
        try:
            async with self._database.read() as session:
                if event_type(event) == "output":
                    return bool(await assets.known(session, [event.output.asset.id]))
                reached = await session.scalar(select(JobRow.last_seq).where(JobRow.id == event.job_id))
        except (SQLAlchemyError, OSError):
            return False
        return reached is not None and reached >= event.seq

    async def _hear(self, message: Msg) -> None:
        self._note(orjson.loads(message.data))

    def _note(self, reached: Sequence[tuple[str, int]]) -> None:
        for job_id, seq in reached:
            self._reached[job_id] = max(seq, self._reached.pop(job_id, 0))
        while len(self._reached) > _REMEMBERED:
            self._reached.popitem(last=False)
        self._silent = False
        self._news.set()


def _matters(event: Event) -> bool:
    name = event_type(event)
    return name == "output" or name in TERMINAL
