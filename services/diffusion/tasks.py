"""Requests of the contract as work for the engine. A new mode is a function here and a method of the service."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from PIL import Image

from atelier.v1.diffusion_pb2 import (
    ImageToImageRequest,
    ImageToVideoRequest,
    InpaintRequest,
    TextToImageRequest,
    TextToVideoRequest,
)
from services.diffusion import source
from services.diffusion.generation import Generation, Source
from services.diffusion.model import ModelCard
from services.diffusion.models import Loaded
from services.diffusion.video.model import VideoModel
from services.diffusion.video.plan import Plan, planned, working_size
from services.kit.contract import contract
from services.kit.job import Job


@dataclass(frozen=True)
class Task:
    """What the engine is asked, and what becomes of each picture it makes."""

    generation: Generation
    provenance: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What belongs to a picture's settings besides those of the generation."""
    finish: Callable[[Image.Image], Image.Image] = lambda image: image


@dataclass(frozen=True)
class Shot:
    """A video to be made."""

    plan: Plan
    generation: Generation
    """At the size the model works at; with a source if the video begins with a picture."""
    picture: Image.Image | None = None
    """The same picture at the shape of the frames, as large as it is."""
    provenance: Mapping[str, Any] = field(default_factory=dict[str, Any])


async def text_to_image(request: TextToImageRequest, job: Job, card: ModelCard, max_area: float) -> Task:
    """From noise."""
    data = contract.to_json(request)
    size = data.get("width", card.native_width), data.get("height", card.native_height)
    return Task(_generation(request, job, card, max_area, size))


async def image_to_image(request: ImageToImageRequest, job: Job, card: ModelCard, max_area: float) -> Task:
    """From a picture."""
    data = contract.to_json(request)
    read = await source.read(job.objects, request.image, "image")
    near = source.size_near(card, *read.image.size, max_area)
    size = data.get("width", near[0]), data.get("height", near[1])
    image = source.fitted(source.opaque(read.image), *size, data["fit"])
    generation = _generation(request, job, card, max_area, size, Source(image, request.strength))
    return Task(generation, {"strength": request.strength, "fit": data["fit"], "image_sha256": read.sha256})


async def inpaint(request: InpaintRequest, job: Job, card: ModelCard, max_area: float) -> Task:
    """A part of a picture."""
    image = await source.read(job.objects, request.image, "image")
    mask = await source.read(job.objects, request.mask, "mask")
    part = source.retouch(
        image.image,
        mask.image,
        card,
        max_area,
        blur=request.mask_blur,
        invert=request.invert_mask,
        only_masked=request.only_masked,
        padding=request.padding,
    )
    begun = Source(part.image, request.strength, part.mask)
    generation = _generation(request, job, card, max_area, part.image.size, begun)
    kept = {name: getattr(request, name) for name in ("strength", "mask_blur", "invert_mask", "only_masked", "padding")}
    return Task(generation, {**kept, "image_sha256": image.sha256, "mask_sha256": mask.sha256}, part.put_back)


async def text_to_video(request: TextToVideoRequest, job: Job, model: Loaded, max_area: float) -> Shot:
    """A video from words."""
    data: dict[str, Any] = contract.to_json(request)
    plan = planned(data, model.card)
    size = _working_size(plan, model, max_area)
    return Shot(plan, _generation(request, job, model.card, max_area, size), provenance=plan.provenance)


async def image_to_video(request: ImageToVideoRequest, job: Job, model: Loaded, max_area: float) -> Shot:
    """A video from a picture."""
    data: dict[str, Any] = contract.to_json(request)
    read = await source.read(job.objects, request.image, "image")
    plan = planned(data, model.card, read.image.size)
    whole = source.opaque(read.image)
    size = _working_size(plan, model, max_area)
    begun = Source(source.fitted(whole, *size, data["fit"]), strength=1.0)
    generation = _generation(request, job, model.card, max_area, size, begun)
    picture = source.fitted(whole, *plan.scene.canvas, data["fit"])
    provenance = {**plan.provenance, "fit": data["fit"], "image_sha256": read.sha256}
    return Shot(plan, generation, picture, provenance)


def _working_size(plan: Plan, model: Loaded, max_area: float) -> tuple[int, int]:
    # A model of frames makes each of them, and small ones sooner.
    enlarge = not isinstance(model, VideoModel)
    return working_size(model.card, plan.scene.width, plan.scene.height, max_area, enlarge=enlarge)


def _generation(
    request: Message, job: Job, card: ModelCard, max_area: float, size: tuple[int, int], begun: Source | None = None
) -> Generation:
    """The settings that all modes have."""
    data: dict[str, Any] = contract.to_json(request)
    card.check_size(*size, max_area)
    seed: int = data["seed"]
    return Generation(
        prompt=data["prompt"],
        negative_prompt=data.get("negative_prompt", ""),
        width=size[0],
        height=size[1],
        steps=data["steps"],
        cfg_scale=data["cfg_scale"],
        sampler=data["sampler"],
        seed=seed if seed >= 0 else drawn_seed(job.id),
        count=data.get("count", 1),
        preview_every=data["preview_every"],
        source=begun,
    )


def drawn_seed(job_id: str) -> int:
    """A seed nobody can foresee, but the same when the job is delivered again: what it stored before stays true."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4])
