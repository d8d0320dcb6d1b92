"""Writes what answers used into the catalog. All copies of the gateway share the work."""

import asyncio
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import structlog
from google.protobuf.message import DecodeError
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from sqlalchemy.exc import SQLAlchemyError

from atelier.v1.chat_pb2 import UsageRecord
from gateway.catalog import usage
from gateway.catalog.database import Database
from services.kit import reader, subjects
from services.kit.bus import Bus
from services.kit.failures import Failure, Unavailable

log = structlog.get_logger(__name__)

_READER = "usage"
_RESTART_S = 0.5
# A transaction costs the same for one record as for a hundred.
_EVERY_S = 0.2


class UsageReader:
    """Reads the usage stream and writes rows, one transaction per batch; a record that comes twice is kept once."""

    def __init__(self, bus: Bus, database: Database) -> None:
        """Nothing is read until `run`."""
        self._bus = bus
        self._database = database

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                await reader.consume(self._bus, subjects.USAGE, _READER, self._write, every_s=_EVERY_S)
            except (NatsError, TimeoutError, Failure) as error:
                log.warning("usage_reader_interrupted", error=str(error) or type(error).__name__)
            await asyncio.sleep(_RESTART_S)

    async def _write(self, messages: Sequence[Msg]) -> None:
        rows = [row for message in messages if (row := _row(message.data)) is not None]
        try:
            async with self._database.write() as session:
                await usage.add(session, rows)
        except (SQLAlchemyError, OSError) as error:
            # The batch is not acknowledged and comes again.
            raise Unavailable(f"the catalog did not take what was used: {error}") from error


def _row(data: bytes) -> dict[str, Any] | None:
    try:
        record = UsageRecord.FromString(data)
    except DecodeError as error:
        log.error("usage_unreadable", error=str(error))
        return None
    moment = record.time.ToDatetime(UTC)
    return {
        "id": record.id,
        "owner_id": record.owner_id,
        "day": moment.date(),
        "endpoint_id": record.endpoint_id,
        # What a server calls itself and its models is not ours to trust.
        "endpoint": record.endpoint[:100],
        "local": record.local,
        "model": record.model[:256].replace("\0", ""),
        "task": record.task,
        "outcome": record.outcome,
        "prompt_tokens": record.prompt_tokens,
        "completion_tokens": record.completion_tokens,
        "estimated": record.estimated,
        "cached": record.cached,
        "requests": record.requests or 1,
        "first_token_ms": min(record.first_token_ms, 2**31 - 1),
        "latency_ms": min(record.latency_ms, 2**31 - 1),
        "created_at": moment,
    }
