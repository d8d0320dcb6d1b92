"""XYZ grids: every combination of up to three axes as a picture of its own, and a sheet with all of them."""

import asyncio
import io
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from PIL import Image

from atelier.v1.common_pb2 import Asset
from atelier.v1.diffusion_pb2 import GenerationResult, GridRequest, ImageToImageRequest
from services.diffusion import metadata
from services.diffusion.faults import CannotSample
from services.diffusion.generation import Stepped
from services.diffusion.model import ModelCard
from services.diffusion.models import Loaded
from services.diffusion.samplers import SAMPLERS
from services.diffusion.sheet import Labels, Sheet
from services.diffusion.tasks import drawn_seed
from services.kit import grid
from services.kit.contract import contract
from services.kit.grid import Axis, Cell
from services.kit.job import Job

# Cells given to the engine at once. It takes as many rows in a step, so that more would only be in others' way.
AT_ONCE = 8
# What the provenance of one cell says of it alone.
_OF_A_CELL = ("cached", "lora_hashes", "preset", "prompt_template", "negative_prompt_template")
_SHOWN = {
    "width": "Width {}",
    "height": "Height {}",
    "steps": "Steps {}",
    "cfg_scale": "CFG {:g}",
    "seed": "Seed {}",
    "strength": "Strength {:g}",
}


@dataclass(frozen=True)
class Place:
    """Where in a job a request's pictures belong."""

    kind: str
    """What they are pictures of, by the kind of the job that would make them alone."""
    index: int
    """The place of the first among the job's outputs."""
    stepped: Callable[[Stepped], Awaitable[None]]
    """Told of each step."""


Using = Callable[[str, Job, float], AbstractAsyncContextManager[tuple[Loaded, ModelCard]]]
"""A model by name, loaded, and its card, while a job is done by so much."""
Make = Callable[[Any, Job, Loaded, ModelCard, Place], Awaitable[GenerationResult]]
"""The pictures of a request for pictures, made and stored."""


class Gridding:
    """Makes one grid."""

    def __init__(self, request: GridRequest, job: Job, using: Using, make: Make) -> None:
        """Raises `BadInput` naming the axes' values at fault."""
        self._request = request
        self._job = job
        self._using = using
        self._make = make
        self._seed = request.seed if request.seed >= 0 else drawn_seed(job.id)
        self._axes = grid.axes_of(request)
        self._cells = grid.cells(request, drawn_seed(job.id))
        self._progress = _Progress(self._cells)

    async def run(self) -> GenerationResult:
        """All cells, model by model, then the sheet."""
        made: dict[int, GenerationResult] = {}
        in_order = grid.by_cost(self._axes, self._cells)
        for name, cells in itertools.groupby(in_order, key=lambda cell: cell.request.model):
            async with self._using(name, self._job, self._progress.fraction) as (model, card):
                await self._all(list(cells), model, card, made)
        first = made[0]
        outputs = [made[cell.index].outputs[0] for cell in self._cells]
        outputs.append(await self._sheet(outputs, first))
        cached = all(result.cached for result in made.values())
        return GenerationResult(
            outputs=outputs, seed=self._seed, model=first.model, model_hash=first.model_hash, cached=cached
        )

    async def _all(
        self, cells: Sequence[Cell], model: Loaded, card: ModelCard, made: dict[int, GenerationResult]
    ) -> None:
        waiting = iter(cells)

        async def work() -> None:
            for cell in waiting:
                made[cell.index] = await self._cell(cell, model, card)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, len(cells))):
                    group.create_task(work())
        except ExceptionGroup as errors:
            # The first is why the others ended.
            raise errors.exceptions[0] from None

    async def _cell(self, cell: Cell, model: Loaded, card: ModelCard) -> GenerationResult:
        async def stepped(step: Stepped) -> None:
            fraction, eta_s = self._progress.stepped(cell, step.fraction)
            await self._job.progress(
                fraction,
                stage="sampling",
                message=f"Step {step.step} of {step.steps}, cell {cell.index + 1} of {len(self._cells)}",
                step=step.step,
                steps=step.steps,
                eta_s=eta_s,
            )

        kind = "image_to_image" if isinstance(cell.request, ImageToImageRequest) else "text_to_image"
        place = Place(f"diffusion.{kind}", cell.index, stepped)
        try:
            result = await self._make(cell.request, self._job, model, card, place)
        except CannotSample as fault:
            raise CannotSample(self._field(cell, fault.field), str(fault)) from fault
        self._progress.stepped(cell, 1.0)
        return result

    def _field(self, cell: Cell, name: str) -> str:
        """The axis' value that a cell's field has, or the field itself where no axis varies it."""
        for number, axis in enumerate(self._axes):
            if axis.field == name or (axis.field == "prompt_replace" and name == "prompt"):
                return f"axes.{number}.values.{cell.places[number]}"
        return name

    async def _sheet(self, outputs: Sequence[Asset], first: GenerationResult) -> Asset:
        job = self._job
        await job.progress(1.0, stage="sheet", message="Drawing the sheet")
        largest = max(asset.width for asset in outputs), max(asset.height for asset in outputs)
        sheet = await asyncio.to_thread(Sheet, labels(self._request, self._axes), largest)
        for asset in outputs:
            job.check()
            job.alive()
            content = await job.objects.get(asset.key)
            await asyncio.to_thread(_put, sheet, asset.index, content)
        settings = self._settings(contract.to_json(outputs[0])["provenance"], first)
        image_format = contract.word(self._request, "format")
        encoded = await asyncio.to_thread(metadata.encode, sheet.image, image_format, settings)
        return await job.store(
            encoded.data,
            index=len(outputs),
            content_type=encoded.content_type,
            kind="image",
            width=sheet.image.width,
            height=sheet.image.height,
            provenance=settings,
        )

    def _settings(self, first: Mapping[str, Any], result: GenerationResult) -> dict[str, Any]:
        """The settings of the whole: those the axes vary as they were asked for, the rest as in every cell."""
        asked = contract.to_json(self._request)
        preset = asked.get("preset")
        said = preset.pop("asked") if preset else {}
        settings = {name: value for name, value in first.items() if name not in _OF_A_CELL}
        for axis in self._axes:
            if axis.field in asked and axis.field != "model":
                settings[axis.field] = asked[axis.field]
        axes = [
            {"field": axis.field, "values": [said.get(value, value) for value in axis.values]} for axis in self._axes
        ]
        for axis in axes:
            if axis["field"] == "model":
                axis["values"] = [_name(value) for value in axis["values"]]
        settings |= {
            "kind": self._job.kind,
            "prompt": asked["prompt"],
            "negative_prompt": asked["negative_prompt"],
            "sampler_label": SAMPLERS[settings["sampler"]].label,
            "loras": [{**lora, "model": _name(lora["model"])} for lora in asked["loras"]],
            "seed": self._seed,
            "model": result.model,
            "axes": axes,
        }
        return settings | ({"preset": preset} if preset else {})


class _Progress:
    """How far all cells together are, by their steps."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._weights = {cell.index: _steps(cell) for cell in cells}
        self._done = dict.fromkeys(self._weights, 0.0)
        self._begun: tuple[float, float] | None = None

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return math.fsum(done * self._weights[k] for k, done in self._done.items()) / sum(self._weights.values())

    def stepped(self, cell: Cell, done: float) -> tuple[float, float | None]:
        """A cell is done by so much; the part of all and the seconds left, None until they are known."""
        self._done[cell.index] = max(self._done[cell.index], done)
        fraction, now = self.fraction, time.monotonic()
        if self._begun is None:
            self._begun = fraction, now
        before, since = self._begun
        return fraction, (1 - fraction) * (now - since) / (fraction - before) if fraction > before else None


def _steps(cell: Cell) -> int:
    request = cell.request
    return max(1, int(request.steps * request.strength)) if isinstance(request, ImageToImageRequest) else request.steps


def _put(sheet: Sheet, index: int, content: bytes) -> None:
    with Image.open(io.BytesIO(content)) as picture:
        sheet.put(index, picture)


def _name(model: str) -> str:
    """Registered models come as URIs that end with their names."""
    return model.rpartition("#")[2]


def labels(request: GridRequest, axes: Sequence[Axis]) -> Labels:
    """What stands on the sheet beside columns, rows and blocks."""
    lora = _name(request.loras[0].model) if request.loras else ""
    return Labels(*(tuple(_label(axis, value, lora) for value in axis.values) for axis in axes))


def _label(axis: Axis, value: Any, lora: str) -> str:
    if axis.field in _SHOWN:
        return "Random seed" if axis.field == "seed" and value < 0 else _SHOWN[axis.field].format(value)
    if axis.field == "lora_weight":
        return f"{lora} {value:g}"
    if axis.field == "sampler":
        return SAMPLERS[value].label
    shown = _name(value) if axis.field == "model" else value
    shown = shown.strip() or {"model": "Default model"}.get(axis.field, "(nothing)")
    return f"Not: {shown}" if axis.field == "negative_prompt" else shown
