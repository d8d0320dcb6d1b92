"""What was made of which settings: whoever asks for the very same again is given it again.

A bucket of the bus knows, for every copy of the service, which files came of which settings. Owners are apart, and a
file that was deleted meanwhile is not given again.
"""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from nats.errors import Error as NatsError

from atelier.v1.common_pb2 import Asset
from atelier.v1.diffusion_pb2 import GenerationResult
from services.diffusion.grid import Place
from services.diffusion.model import ModelCard
from services.diffusion.provenance import settings_of
from services.diffusion.tasks import Task
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.ids import asset_id
from services.kit.job import Job
from services.kit.objects import ObjectStore


def key_of(card: ModelCard, task: Task, image_format: str, kind: str) -> str:
    """What names a result: everything that decides its pixels and its files."""
    made = task.generation
    size = made.width, made.height
    pictures = [{**settings_of(kind, made, k, card, size), **task.provenance} for k in range(made.count)]
    told = json.dumps([kind, pictures, image_format, card.device], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class Earlier:
    """An output of an earlier job."""

    asset: Asset
    content: bytes


class Results:
    """The results of all copies of the service."""

    def __init__(self, bus: Bus, objects: ObjectStore) -> None:
        """Both of them running."""
        self._bus = bus
        self._objects = objects

    async def find(self, owner: str, key: str) -> list[Earlier]:
        """The outputs that an owner's same settings gave before; none if that is not known or one of them is gone."""
        kept: bytes | None = None
        # Not known is an error too; and a bus that is away for a moment costs only the work.
        with suppress(NatsError, TimeoutError):
            bucket = await self._bus.jetstream.key_value(subjects.RESULTS_BUCKET)
            kept = (await bucket.get(f"{owner}.{key}")).value
        found: list[Earlier] = []
        for asset in GenerationResult.FromString(kept or b"").outputs:
            content = await self._objects.get_or_none(asset.key)
            if content is None or hashlib.sha256(content).hexdigest() != asset.sha256:
                return []
            found.append(Earlier(asset, content))
        return found

    async def keep(self, owner: str, key: str, outputs: Sequence[Asset]) -> None:
        """Remember what these settings gave."""
        result = GenerationResult(outputs=outputs)
        for asset in result.outputs:
            asset.ClearField("provenance")
        with suppress(NatsError, TimeoutError):
            bucket = await self._bus.jetstream.key_value(subjects.RESULTS_BUCKET)
            await bucket.put(f"{owner}.{key}", result.SerializeToString())


async def give_again(
    card: ModelCard, task: Task, earlier: Sequence[Earlier], job: Job, place: Place
) -> GenerationResult:
    """Copies of an earlier job's files, as this job's own."""
    made = task.generation
    # A job that is delivered again after its last picture finds its own.
    cached = not all(one.asset.id == asset_id(job.id, place.index + k) for k, one in enumerate(earlier))
    result = GenerationResult(seed=made.seed, model=card.name, model_hash=card.hash, cached=cached)
    for k, one in enumerate(earlier):
        job.check()
        asset = one.asset
        settings = {**settings_of(place.kind, made, k, card, (asset.width, asset.height)), **task.provenance}
        stored = await job.store(
            one.content,
            index=place.index + k,
            content_type=asset.content_type,
            kind=asset.kind,
            width=asset.width,
            height=asset.height,
            provenance=settings | ({"cached": True} if cached else {}),
        )
        result.outputs.append(stored)
    return result
