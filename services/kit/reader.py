"""Read a stream to its end and on, in batches, each handled at least once; all readers of one name share the work."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from services.kit.bus import Bus
from services.kit.failures import Unavailable
from services.kit.puller import Puller

log = structlog.get_logger(__name__)

# After which the messages of a reader that died with them are given to another.
_ACK_WAIT_S = 30
_UNACKNOWLEDGED = 5_000


async def consume(
    bus: Bus,
    stream: str,
    name: str,
    handler: Callable[[Sequence[Msg]], Awaitable[None]],
    *,
    batch: int = 200,
    every_s: float = 0.0,
) -> None:
    """Feed all messages of a stream to `handler`, for ever; a batch is done with once the handler returned, and the
    next one begins no sooner than `every_s` seconds after it began.

    The handler sees each message at least once and must not mind order between copies. One that raises `Unavailable`
    gets the batch again.
    """
    await _ensure(bus, stream, name)
    puller = Puller(bus, stream)
    began = 0.0
    try:
        while True:
            await asyncio.sleep(max(0.0, began + every_s - time.monotonic()))
            messages = await puller.pull(name, batch, wait_s=5.0)
            began = time.monotonic()
            if not messages:
                if not bus.connected:
                    await asyncio.sleep(0.2)
                continue
            try:
                await handler(messages)
            except Unavailable as error:
                log.warning("reader_held_up", stream=stream, reader=name, error=error.message)
                for message in messages:
                    await message.nak(delay=1.0)
                continue
            for message in messages:
                await message.ack()
    finally:
        await puller.close()


async def _ensure(bus: Bus, stream: str, name: str) -> None:
    try:
        await bus.jetstream.consumer_info(stream, name)
    except NotFoundError:
        await bus.jetstream.add_consumer(
            stream,
            ConsumerConfig(
                durable_name=name,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=_ACK_WAIT_S,
                deliver_policy=DeliverPolicy.ALL,
                max_ack_pending=_UNACKNOWLEDGED,
            ),
        )
