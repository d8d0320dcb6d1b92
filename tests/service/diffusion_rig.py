"""The diffusion service as a process of its own with the starter model, `python -m tests.service.diffusion_rig`, and a
client that puts jobs in its queue and reads what it tells and stores."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from atelier.v1.common_pb2 import Asset, Event
from atelier.v1.diffusion_pb2 import GenerationResult, TextToImageRequest
from atelier.v1.options_pb2 import Policy
from infra.local.options import ROOT
from infra.local.ports import free_port
from services.diffusion.service import Diffusion
from services.diffusion.settings import STARTER
from services.kit.contract import Method, contract
from services.kit.host import serve
from services.kit.ids import new_ulid
from services.kit.objects import ObjectStore
from services.kit.queue import JobEnvelope
from services.kit.schema import descriptor_of
from services.kit.settings import Settings
from tests.processes import ServerProcess
from tests.servers import answers
from tests.service.kit_rig import KIND, Site

APPLE = "a red apple on a blue background"
# Long enough for a step on a machine that does other things as well; a killed worker's job is given out again after it.
_ACK_WAIT_S = 6


class SoonMissed(Diffusion):
    """The service, given up for dead sooner than the contract says, so that a test sees redelivery in seconds."""

    def handlers(self) -> dict[str, tuple[Method, Any]]:
        """The contract's methods under a hastier policy."""
        return {kind: (_hasty(known), handler) for kind, (known, handler) in super().handlers().items()}


def _hasty(known: Method) -> Method:
    if not known.is_job:
        return known
    policy = Policy()
    policy.CopyFrom(known.policy)
    policy.ack_wait_s = _ACK_WAIT_S
    return replace(known, policy=policy)


@contextmanager
def worker(settings: Settings, folder: Path, pool: str, **changes: Any) -> Iterator[ServerProcess]:
    """A worker of a pool, ready; killed when the block ends. `changes` are settings of the diffusion service."""
    port = free_port()
    values = {
        **settings.model_dump(mode="json"),
        "s3_secret_key": settings.s3_secret_key.get_secret_value(),
        "pool": pool,
        "metrics_port": port,
        "drain_s": 1,
        "diffusion_model": f"starter={STARTER},missing=/no/such/folder",
        **changes,
    }
    environment = {f"ATELIER_{name.upper()}": str(value) for name, value in values.items()}
    process = ServerProcess(
        [sys.executable, "-m", "tests.service.diffusion_rig"],
        folder / f"diffusion-{port}.log",
        ready=lambda: answers(f"http://127.0.0.1:{port}/readyz"),
        environment={**environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}"},
        folder=ROOT,
    )
    process.start(within_s=120)
    try:
        yield process
    finally:
        process.kill()


@dataclass(frozen=True)
class Easel:
    """Where a test asks for pictures."""

    site: Site

    async def ask(self, kind: str = KIND, *, owner: str = "ann", **settings: Any) -> str:
        """Put a job in the queue, its settings as in the API but for references, which are URIs; returns its id.

        What was made before is made again, unless `fresh` says otherwise.
        """
        asked = contract.methods[kind].request_type
        usual = {"prompt": APPLE, "steps": 4, "preview_every": 0, "fresh": True}
        values = {name: value for name, value in usual.items() if name in descriptor_of(asked).fields_by_name}
        request = contract.parse(asked, {**values, **settings})
        job = new_ulid()
        await self.site.queue.submit(JobEnvelope(job, kind, owner, request.SerializeToString(), pool=self.site.pool))
        return job

    async def ask_plainly(self, kind: str, values: dict[str, Any]) -> str:
        """The same for a job that makes no picture."""
        request = contract.parse(contract.methods[kind].request_type, values)
        job = new_ulid()
        await self.site.queue.submit(JobEnvelope(job, kind, "ann", request.SerializeToString(), pool=self.site.pool))
        return job

    async def keep(self, image: Image.Image) -> str:
        """Put a picture into object storage; returns its URI."""
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return await self.keep_file(buffer.getvalue(), "image/png")

    async def keep_file(self, data: bytes | Path, content_type: str) -> str:
        """Put a file into object storage; returns its URI."""
        objects, key = ObjectStore(self.site.settings), f"assets/ann/uploads/{new_ulid()}"
        await objects.put(key, data, content_type)
        return objects.uri(key)

    async def ask_unchecked(self, request: TextToImageRequest) -> str:
        """The same for a request that the gateway would have refused."""
        job = new_ulid()
        await self.site.queue.submit(JobEnvelope(job, KIND, "ann", request.SerializeToString(), pool=self.site.pool))
        return job

    async def result(self, job: str) -> GenerationResult:
        """What a job made, once it is completed."""
        end = await self.site.story.until(job)
        assert end.HasField("completed"), end
        unpacked = GenerationResult()
        assert end.completed.result.Unpack(unpacked)
        return unpacked

    async def failure(self, job: str) -> Any:
        """The error a job ended with."""
        end = await self.site.story.until(job)
        assert end.HasField("failed"), end
        return end.failed.error

    async def file(self, asset: Asset) -> bytes:
        """The content of an output."""
        return await ObjectStore(self.site.settings).get(asset.key)

    async def files(self, job: str) -> list[bytes]:
        """The contents of a job's outputs, in order."""
        return [await self.file(asset) for asset in (await self.result(job)).outputs]

    def told(self, job: str, kind: str) -> list[Event]:
        """A job's events of one type so far."""
        return [event for event in self.site.story.of(job) if event.HasField(kind)]


if __name__ == "__main__":
    serve(SoonMissed)
