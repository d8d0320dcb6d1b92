"""FastStream on NATS JetStream: a durable pull subscriber; that a job is done is told by a plain message, stored
nowhere."""

# Runs in an environment of its own (`peers`), where these are installed.
# pyright: reportMissingImports=false

from __future__ import annotations

import os
import sys
import uuid

import nats
import uvloop
from faststream import FastStream
from faststream.nats import JStream, NatsBroker, PullSub
from nats.aio.msg import Msg
from nats.js.api import RetentionPolicy

from tests.bench.measure import Finish, Load, measure, report

STREAM = JStream("WORK", subjects=["work.jobs"], retention=RetentionPolicy.WORK_QUEUE)
broker = NatsBroker(os.environ["ATELIER_NATS_URL"], logger=None)


@broker.subscriber(
    "work.jobs", stream=STREAM, durable="worker", pull_sub=PullSub(batch_size=256, timeout=1.0), max_workers=256
)
@broker.publisher("work.done")
async def handle(job: str) -> str:
    """Nothing."""
    return job


async def drive(load: Load) -> None:
    """Submit with the plain client, which is cheaper than the broker's."""
    client = await nats.connect(os.environ["ATELIER_NATS_URL"])
    jetstream, finish = client.jetstream(), Finish()

    async def on_done(message: Msg) -> None:
        finish.done(message.data.decode())

    await client.subscribe("work.done", cb=on_done)

    async def submit(job: str) -> None:
        await jetstream.publish("work.jobs", job.encode(), headers={"content-type": "text/plain"})

    report(await measure(load, finish, lambda: uuid.uuid4().hex, submit))
    await client.close()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        uvloop.run(FastStream(broker).run())
    else:
        uvloop.run(drive(Load.of(sys.argv[2])))
