"""Writes down what each answer used, for the gateway to add up. Nobody waits for it."""

import asyncio
import math
import time

import structlog
from google.protobuf.message import Message

from atelier.v1.chat_pb2 import UsageRecord
from services.chat.answer import Reply, Usage
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.failures import Failure
from services.kit.ids import new_ulid

log = structlog.get_logger(__name__)

_PATIENCE_S = 600.0
_DRAIN_S = 5.0
_BYTES_PER_TOKEN = 4


class Ledger:
    """Posts usage records to the bus, in the background."""

    def __init__(self, bus: Bus) -> None:
        """On this bus."""
        self._bus = bus
        self._posting: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Wait a moment for what is not stored yet."""
        if self._posting:
            await asyncio.wait(self._posting, timeout=_DRAIN_S)

    def note(self, record: UsageRecord) -> None:
        """Have a record stored; its id and time are filled in."""
        record.id = new_ulid()
        record.time.FromNanoseconds(time.time_ns())
        task = asyncio.create_task(self._post(record), name="ledger")
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _post(self, record: UsageRecord) -> None:
        headers = {subjects.MSG_ID: record.id}
        try:
            await self._bus.store(
                subjects.usage(record.owner_id), record.SerializeToString(), headers=headers, patience_s=_PATIENCE_S
            )
        except Failure as failure:
            log.error("usage_lost", owner=record.owner_id, model=record.model, error=failure.message)


def record_of(reply: Reply, *, owner_id: str, task: str, outcome: str, request: Message) -> UsageRecord:
    """What an answer used. Where the endpoint did not say, it is estimated: a token per chunk, and one per four bytes
    of the request."""
    usage = reply.usage or Usage(math.ceil(request.ByteSize() / _BYTES_PER_TOKEN), reply.pieces)
    return UsageRecord(
        owner_id=owner_id,
        endpoint_id=reply.endpoint_id,
        endpoint=reply.endpoint,
        local=reply.local,
        model=reply.model,
        task=task,
        outcome=outcome,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        estimated=reply.usage is None,
        first_token_ms=reply.timing.first_token_ms,
        latency_ms=reply.timing.elapsed_ms,
    )
