"""A service whose jobs do what their prompt says, in the test's own process or as one of its own:
`python -m tests.service.kit_rig`.

Prompts: `done` · `paint <n>` stores n outputs · `wait <path>` tells progress until the file is there, and keeps a
checkpoint when it is paused · `refuse` · `flaky <k>` fails k times for now · `down` fails for now, always · `break`
raises something unforeseen · `late` lets a time-out of its own pass · `freeze` stalls in its first attempt · `stuck`
stalls in each · `deaf` hears no cancel.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from pydantic import Field

from atelier.v1.common_pb2 import Event
from atelier.v1.diffusion_pb2 import DiffusionOptions, DiffusionOptionsRequest, GenerationResult, TextToImageRequest
from atelier.v1.options_pb2 import Policy
from infra.local.child import die_with
from infra.local.options import ROOT
from services.kit.bus import Bus
from services.kit.call import Call
from services.kit.contract import Method
from services.kit.failures import BadInput, Unavailable
from services.kit.host import Host, method, serve
from services.kit.ids import new_ulid
from services.kit.job import Held, Job
from services.kit.journal import Journal, event_type, is_terminal
from services.kit.queue import JobEnvelope, JobQueue, Place
from services.kit.settings import ServiceSettings, Settings
from services.kit.tasks import end
from tests.api import until
from tests.partial import PartialService

KIND = "diffusion.text_to_image"
# Ample on a machine that does other things as well; nothing waits this long where all is well.
PATIENCE_S = 40.0

log = structlog.get_logger(__name__)


class EaselSettings(ServiceSettings):
    """The method's policy, quicker than the contract's, so that a test sees redeliveries in seconds."""

    ack_wait_s: int = Field(2, ge=1)
    max_deliver: int = Field(3, ge=1)
    timeout_s: int = Field(0, ge=0)


class Easel(PartialService):
    """Stands where the diffusion service would."""

    name = "diffusion"
    settings_type = EaselSettings

    def __init__(self, settings: EaselSettings) -> None:
        super().__init__(settings)
        self.policy = settings
        self.ran: list[str] = []

    def handlers(self) -> dict[str, tuple[Method, Any]]:
        """The contract's methods, its jobs under this rig's policy: the queue waits as long as the most patient."""
        return {
            kind: (replace(known, policy=self._quick(known.policy)) if known.is_job else known, handler)
            for kind, (known, handler) in super().handlers().items()
        }

    def _quick(self, policy: Policy) -> Policy:
        given, quick = self.policy, Policy()
        quick.CopyFrom(policy)
        quick.ack_wait_s, quick.max_deliver, quick.timeout_s = given.ack_wait_s, given.max_deliver, given.timeout_s
        del quick.backoff_s[:]
        quick.backoff_s.append(1)
        return quick

    @method
    async def text_to_image(self, request: TextToImageRequest, job: Job) -> GenerationResult:
        """What the prompt says."""
        self.ran.append(job.id)
        log.info("easel_at_work", prompt=request.prompt, attempt=job.attempt)
        word, _, rest = request.prompt.partition(" ")
        result = GenerationResult(seed=request.seed, model=f"attempt {job.attempt}")
        match word:
            case "paint":
                for index in range(int(rest)):
                    await job.progress(index / int(rest), step=index, steps=int(rest), stage=f"picture {index}")
                    result.outputs.append(await _painted(job, index))
            case "wait":
                before = await job.load_checkpoint()
                result.outputs.append(await _painted(job, 0))
                await self._wait(job, Path(rest))
                result.outputs.append(await _painted(job, 1))
                result.model_hash = before.decode() if before else ""
            case "refuse":
                raise BadInput("this prompt is refused", code="refused_prompt", hint="Ask for something else.")
            case "flaky" if job.attempt <= int(rest):
                raise Unavailable("the engine went away", retry_after_s=0.05)
            case "down":
                raise Unavailable("the engine is down")
            case "break":
                raise ZeroDivisionError("division by zero")
            case "late":
                raise TimeoutError("the far side took too long")
            case "freeze" if job.attempt == 1:
                await asyncio.Event().wait()
            case "stuck" | "deaf":
                await job.progress(0.1, stage="stuck")
                await asyncio.Event().wait()
            case _:
                pass
        return result

    async def _wait(self, job: Job, gate: Path) -> None:
        step = 0
        while not await asyncio.to_thread(gate.exists):
            step += 1
            job.check()
            if job.pause_requested:
                await job.save_checkpoint(b"half a picture")
                raise Held
            await job.progress(0.5, stage="waiting", step=step)
            await asyncio.sleep(0.02)

    @method
    async def options(self, request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        """Who asked."""
        return DiffusionOptions(samplers=[call.owner])


async def _painted(job: Job, index: int) -> Any:
    return await job.store(
        f"{job.id} {index}".encode(), index=index, content_type="text/plain", kind="file", provenance={"index": index}
    )


class Story:
    """What the journal tells, as it comes."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._events: list[Event] = []
        self._told = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="story")

    async def stop(self) -> None:
        await end(self._task)

    async def _follow(self) -> None:
        async for event in self._journal.follow(after=0):
            async with self._told:
                self._events.append(event)
                self._told.notify_all()

    def of(self, job_id: str) -> list[Event]:
        return [event for event in self._events if event.job_id == job_id]

    def types(self, job_id: str) -> list[str]:
        return [event_type(event) for event in self.of(job_id)]

    async def until(self, job_id: str, wanted: Callable[[Event], bool] = is_terminal) -> Event:
        """The first event of a job that is wanted; by default its end."""
        async with asyncio.timeout(PATIENCE_S), self._told:
            while True:
                for event in self.of(job_id):
                    if wanted(event):
                        return event
                await self._told.wait()


def told(kind: str, *, attempt: int | None = None) -> Callable[[Event], bool]:
    """For `Story.until`: an event of this type (and attempt)."""
    return lambda event: event_type(event) == kind and attempt in (None, event.attempt)


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    """Returns once `look` says yes; for what a server does, which sets no event here."""
    await until(look, PATIENCE_S)


@dataclass
class Site:
    """The bus as the gateway sees it, and a pool of its own, so that tests on one bus do not meet."""

    settings: Settings
    bus: Bus
    queue: JobQueue
    journal: Journal
    story: Story
    pool: str

    async def submit(self, prompt: str, *, owner: str = "ann", job_id: str = "", **fields: Any) -> str:
        """Put a job in the queue and return its id."""
        return (await self.put(prompt, owner=owner, job_id=job_id, **fields))[0]

    async def put(self, prompt: str, *, owner: str = "ann", job_id: str = "", **fields: Any) -> tuple[str, Place]:
        job_id = job_id or new_ulid()
        request = TextToImageRequest(prompt=prompt, seed=7).SerializeToString()
        envelope = JobEnvelope(job_id, KIND, owner, request, pool=self.pool, **fields)
        return job_id, await self.queue.submit(envelope)

    async def emptied(self) -> None:
        """Returns once no job of the pool waits or runs: a worker acknowledges a moment after it told the end."""

        async def empty() -> bool:
            return await self.queue.depth("diffusion", self.pool) == 0

        await eventually(empty)

    def service_settings(self, **changes: Any) -> EaselSettings:
        """For a worker of this site's pool: one job at a time unless said otherwise."""
        known = self.settings.model_dump() | {"s3_secret_key": self.settings.s3_secret_key.get_secret_value()}
        return EaselSettings.model_validate({**known, "pool": self.pool, "concurrency": 1, "drain_s": 1, **changes})

    @asynccontextmanager
    async def easel(self, **changes: Any) -> AsyncIterator[Easel]:
        """A worker in this process, ready; drained when the block ends."""
        service, stop = Easel(self.service_settings(**changes)), asyncio.Event()
        task = asyncio.create_task(Host(service).run(stop))
        try:

            async def ready() -> bool:
                return service.state == "ready" or task.done()

            await eventually(ready)
            yield service
        finally:
            stop.set()
            await task

    @asynccontextmanager
    async def process(self, log_file: Path, **changes: Any) -> AsyncIterator[asyncio.subprocess.Process]:
        """A worker as a process of its own, which a test may kill; its log goes to a file."""
        settings = self.service_settings(**changes)
        values = {**settings.model_dump(mode="json"), "s3_secret_key": settings.s3_secret_key.get_secret_value()}
        environment = {f"ATELIER_{name.upper()}": str(value) for name, value in values.items()}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ATELIER_")}
        with log_file.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.service.kit_rig",
                cwd=ROOT,
                env={**inherited, **environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}"},
                stdout=output,
                stderr=output,
                preexec_fn=die_with(os.getpid()),
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                await process.wait()


@asynccontextmanager
async def site_on(settings: Settings) -> AsyncIterator[Site]:
    """A site on the bus of these settings."""
    bus = await Bus.connect(settings, "test")
    journal = Journal(bus)
    story = Story(journal)
    await story.start()
    try:
        yield Site(settings, bus, JobQueue(bus), journal, story, f"pool-{new_ulid().lower()[-12:]}")
    finally:
        await story.stop()
        await bus.close()


if __name__ == "__main__":
    serve(Easel)
