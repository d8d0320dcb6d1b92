"""The kit: a real host with a handler that does nothing."""

from __future__ import annotations

import asyncio
import sys

import uvloop

from atelier.v1.diffusion_pb2 import DiffusionOptions, DiffusionOptionsRequest, GenerationResult, TextToImageRequest
from services.kit.bus import Bus
from services.kit.call import Call
from services.kit.garbage import settle_garbage
from services.kit.host import method, serve
from services.kit.ids import new_ulid
from services.kit.job import Job
from services.kit.journal import Journal, is_terminal
from services.kit.queue import JobEnvelope, JobQueue
from services.kit.settings import Settings, read
from tests.bench.measure import Finish, Load, measure, report
from tests.partial import PartialService

KIND = "diffusion.text_to_image"


class Diffusion(PartialService):
    """Says that it is done."""

    name = "diffusion"

    @method
    async def text_to_image(self, request: TextToImageRequest, job: Job) -> GenerationResult:
        """Nothing."""
        return GenerationResult()

    @method
    async def options(self, request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        """Nothing."""
        return DiffusionOptions()


async def drive(load: Load) -> None:
    """Submit, and follow the journal as the gateway does."""
    bus = await Bus.connect(read(Settings), "bench")
    queue, journal, finish = JobQueue(bus), Journal(bus), Finish()

    async def follow() -> None:
        async for event in journal.follow():
            if is_terminal(event):
                finish.done(event.job_id)

    following = asyncio.create_task(follow())
    await asyncio.sleep(0.5)
    # As every process of ours does once it is up.
    settle_garbage()
    request = TextToImageRequest(prompt="a red apple on a blue background").SerializeToString()

    async def submit(job: str) -> None:
        await queue.submit(JobEnvelope(job, KIND, "local", request))

    report(await measure(load, finish, new_ulid, submit))
    following.cancel()
    await bus.close()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        serve(Diffusion)
    else:
        uvloop.run(drive(Load.of(sys.argv[2])))
