"""Jobs that were given up: kept with their request and the reason, listed, and sent again when someone says so."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any, cast

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import APIError, NotFoundError

from atelier.v1.common_pb2 import Event
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.failures import Failure
from services.kit.journal import Journal, end_id, is_terminal
from services.kit.puller import Puller
from services.kit.queue import JobEnvelope

log = structlog.get_logger(__name__)

_REASON = "Atelier-Reason"
_READER = "burial"


@dataclass(frozen=True)
class DeadLetter:
    """A job that was given up."""

    seq: int
    kind: str
    job_id: str
    owner: str
    reason: str
    request: bytes


async def bury(bus: Bus, envelope: JobEnvelope, reason: str) -> None:
    """Put a job with the dead letters; twice is once."""
    headers = {**envelope.headers(), subjects.OWNER: envelope.owner, _REASON: reason.replace("\n", " ")[:1000]}
    await bus.store(subjects.dead(envelope.kind), envelope.request, headers=headers)


async def dead_letters(bus: Bus, limit: int = 100) -> list[DeadLetter]:
    """The dead letters, oldest first."""
    return [_letter(m) for m in await bus.history(subjects.DEAD, "dead.>", 0, limit)]


async def forget(bus: Bus, seq: int) -> bool:
    """Remove a dead letter; False if it is no longer there."""
    try:
        return await bus.jetstream.delete_msg(subjects.DEAD, seq)
    except APIError:
        return False


class Undertaker:
    """Fails the jobs whose deliveries ran out without any worker living to say so (each one crashed or stalled).

    The server tells of those by an advisory; the job itself stays in its stream until it is taken away here. Safe to
    run in several processes.
    """

    def __init__(self, bus: Bus) -> None:
        """On this bus."""
        self._bus = bus
        self._journal = Journal(bus)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._bus.jetstream.add_consumer(
            subjects.ADVISORIES,
            ConsumerConfig(durable_name=_READER, ack_policy=AckPolicy.EXPLICIT, ack_wait=30),
        )
        puller = Puller(self._bus, subjects.ADVISORIES)
        try:
            while True:
                for message in await puller.pull(_READER, 20, wait_s=5.0):
                    try:
                        await self._settle(message)
                        await message.ack()
                    except (Failure, NatsError, TimeoutError) as error:
                        log.warning("burial_put_off", error=str(error))
                        with contextlib.suppress(NatsError):
                            await message.nak(delay=2)
                if not self._bus.connected:
                    await asyncio.sleep(0.5)
        finally:
            await puller.close()

    async def _settle(self, advisory: Msg) -> None:
        notice: dict[str, Any] = json.loads(advisory.data)
        try:
            raw = await self._bus.jetstream.get_msg(subjects.JOBS, notice["stream_seq"], direct=True)
        except NotFoundError:
            return
        headers = cast(dict[str, str] | None, raw.headers)
        envelope = JobEnvelope.of(
            Msg(self._bus.client, subject=raw.subject or "", data=raw.data or b"", headers=headers)
        )
        last = await self._journal.last(envelope.id)
        if last is None or not is_terminal(last):
            deliveries = notice.get("deliveries", 0)
            reason = f"{deliveries} workers took this job and none finished it"
            await bury(self._bus, envelope, reason)
            event = Event(
                job_id=envelope.id,
                kind=envelope.kind,
                owner_id=envelope.owner,
                project_id=envelope.project,
                attempt=deliveries,
            )
            event.failed.error.code = "gave_up"
            event.failed.error.message = reason
            event.failed.error.hint = "The workers' logs say why they stopped; retry the job once that is mended."
            await self._journal.append(event, end_id(envelope.id))
            log.error("job_gave_up", job_id=envelope.id, kind=envelope.kind, deliveries=deliveries)
        with contextlib.suppress(APIError):
            await self._bus.jetstream.delete_msg(subjects.JOBS, notice["stream_seq"])


def _letter(message: Msg) -> DeadLetter:
    headers = message.headers or {}
    subject = headers.get("Nats-Subject", message.subject)
    return DeadLetter(
        seq=int(headers["Nats-Sequence"]),
        kind=subject.removeprefix("dead."),
        job_id=headers.get(subjects.MSG_ID, "").rpartition(":")[0],
        owner=headers.get(subjects.OWNER, ""),
        reason=headers.get(_REASON, ""),
        request=message.data,
    )
