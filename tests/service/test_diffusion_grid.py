"""XYZ grids on the bus, with the starter model."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format
from PIL import Image

from atelier.v1.common_pb2 import ControlAction
from services.diffusion import metadata
from services.kit.control import send_control
from services.kit.ids import asset_id, new_ulid
from services.kit.settings import Settings
from tests.service.diffusion_rig import APPLE, Easel, worker
from tests.service.kit_rig import Site, told

KIND = "diffusion.grid"
CUBE = [
    {"field": "seed", "values": [1, 2]},
    {"field": "sampler", "values": ["euler", "ddim"]},
    {"field": "steps", "values": [2, 3]},
]


@pytest.fixture(scope="module")
def pool(kit_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A pool with one worker in it."""
    name = f"pool-{new_ulid().lower()[-12:]}"
    with worker(kit_settings, tmp_path_factory.mktemp("grid"), name):
        yield name


@pytest.fixture
async def easel(site: Site, pool: str) -> AsyncIterator[Easel]:
    """Asks the module's one worker."""
    yield Easel(replace(site, pool=pool))


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


async def test_each_cell_is_the_picture_its_settings_give_alone(easel: Easel) -> None:
    job = await easel.ask(KIND, axes=CUBE, cfg_scale=5.0)
    result = await easel.result(job)
    assert [asset.index for asset in result.outputs] == list(range(9))
    *cells, sheet = result.outputs
    index = 0
    for steps in (2, 3):
        for sampler in ("euler", "ddim"):
            for seed in (1, 2):
                alone = await easel.ask(seed=seed, sampler=sampler, steps=steps, cfg_scale=5.0)
                (expected,) = await easel.files(alone)
                assert await easel.file(cells[index]) == expected, index
                assert cells[index].provenance["kind"] == "diffusion.text_to_image"
                index += 1

    data = await easel.file(sheet)
    kept = metadata.read(data)
    assert kept is not None and kept == json_format.MessageToDict(sheet.provenance)
    assert (kept["kind"], kept["prompt"], kept["seed"], kept["axes"]) == (KIND, APPLE, result.seed, CUBE)
    shown = pixels(data)
    assert shown.shape == (sheet.height, sheet.width, 3)
    # The last cell stands in the lower right corner, within the margin.
    last = pixels(await easel.file(cells[7]))
    assert any(
        (shown[y : y + 64, x : x + 64] == last).all()
        for y in range(sheet.height - 96, sheet.height - 63)
        for x in range(sheet.width - 96, sheet.width - 63)
    )
    told_of = [event.progress for event in easel.told(job, "progress")]
    assert any("cell 8 of 8" in progress.message for progress in told_of)
    fractions = [progress.fraction for progress in told_of]
    assert fractions == sorted(fractions)


async def test_the_same_grid_gives_the_same_files(easel: Easel) -> None:
    asked: dict[str, Any] = {"axes": CUBE[:2], "seed": 3}
    first, second = [await easel.files(await easel.ask(KIND, **asked)) for _ in range(2)]
    assert first == second and len(first) == 5


async def test_what_was_made_before_is_not_made_again(easel: Easel) -> None:
    await easel.result(await easel.ask(seed=61))
    asked: dict[str, Any] = {"seed": 61, "fresh": False, "axes": [{"field": "cfg_scale", "values": [7, 3]}]}
    first = await easel.result(await easel.ask(KIND, **asked))
    assert not first.cached
    assert ["cached" in asset.provenance for asset in first.outputs] == [True, False, False]
    again = await easel.result(await easel.ask(KIND, **asked))
    assert again.cached and [await easel.file(a) for a in again.outputs] == [await easel.file(a) for a in first.outputs]
    # And a single picture is one that a grid made, at its own place.
    single = await easel.result(await easel.ask(seed=61, cfg_scale=3.0, fresh=False))
    assert single.cached and [asset.index for asset in single.outputs] == [0]


async def test_cells_begin_with_a_picture(easel: Easel) -> None:
    begun = await easel.keep(Image.new("RGB", (64, 64), (60, 110, 210)))
    axes = [{"field": "strength", "values": [0.2, 1.0]}]
    job = await easel.ask(KIND, image=begun, axes=axes, seed=4, steps=5)
    near, far, sheet = (await easel.result(job)).outputs
    assert near.provenance["kind"] == "diffusion.image_to_image" and near.provenance["strength"] == 0.2
    (alone,) = await easel.files(
        await easel.ask("diffusion.image_to_image", image=begun, strength=1.0, seed=4, steps=5, sampler="dpmpp_2m")
    )
    assert await easel.file(far) == alone
    assert sheet.provenance["image_sha256"] == near.provenance["image_sha256"]


async def test_cancel_ends_a_grid_within_a_step(easel: Easel) -> None:
    axes = [{"field": "seed", "values": list(range(10))}, {"field": "cfg_scale", "values": list(range(2, 12))}]
    job = await easel.ask(KIND, axes=axes, steps=40)
    await easel.site.story.until(job, told("progress"))
    await send_control(easel.site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "enough")
    await easel.site.story.until(job, told("cancelled"))
    assert easel.site.story.types(job)[-1] == "cancelled"
    # The engine is free again.
    await easel.result(await easel.ask(seed=5))


@pytest.mark.parametrize(
    ("axes", "field"),
    [
        ([{"field": "steps", "values": [5, 151]}], "axes.0.values.1"),
        ([{"field": "width", "values": [64, 4096]}], "axes.0.values.1"),
        ([{"field": "model", "values": ["starter", "nowhere"]}], "model"),
    ],
)
async def test_what_cannot_be_made_names_its_value(easel: Easel, axes: list[Any], field: str) -> None:
    error = await easel.failure(await easel.ask(KIND, axes=axes))
    assert [fault.field for fault in error.fields] == [field], error


async def test_a_killed_workers_cells_are_stored_once(site: Site, tmp_path: Path) -> None:
    easel = Easel(site)
    axes = [{"field": "cfg_scale", "values": [2, 3]}, {"field": "steps", "values": [1, 12, 24]}]
    with worker(site.settings, tmp_path, site.pool) as first:
        job = await easel.ask(KIND, axes=axes, fresh=False)
        await site.story.until(job, told("output"))
        first.kill()
    with worker(site.settings, tmp_path, site.pool):
        result = await easel.result(job)
    assert [asset.id for asset in result.outputs] == [asset_id(job, k) for k in range(7)]
    assert not result.cached
    files = await asyncio.gather(*(easel.file(asset) for asset in result.outputs))
    assert len(set(files)) == 7
    assert sorted(event.output.asset.index for event in easel.told(job, "output")) == list(range(7))
    assert all(asset.provenance["seed"] == result.seed for asset in result.outputs)
