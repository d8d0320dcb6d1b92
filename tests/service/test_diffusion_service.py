"""The diffusion service on the bus, with the starter model: what it tells, stores, refuses, and survives."""

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
from atelier.v1.diffusion_pb2 import DiffusionOptions, DiffusionOptionsRequest, TextToImageRequest
from services.diffusion import metadata
from services.diffusion.samplers import SAMPLERS
from services.kit.call import CallClient
from services.kit.control import send_control
from services.kit.ids import asset_id, new_ulid
from services.kit.objects import ObjectStore
from services.kit.settings import Settings
from tests.service.diffusion_rig import APPLE, Easel, worker
from tests.service.kit_rig import Site, told


@pytest.fixture(scope="module")
def pool(kit_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A pool with one worker in it."""
    name = f"pool-{new_ulid().lower()[-12:]}"
    with worker(kit_settings, tmp_path_factory.mktemp("diffusion"), name):
        yield name


@pytest.fixture
async def easel(site: Site, pool: str) -> AsyncIterator[Easel]:
    """Asks the module's one worker."""
    yield Easel(replace(site, pool=pool))


async def test_a_picture_is_told_step_by_step_and_kept_with_its_settings(easel: Easel) -> None:
    job = await easel.ask(seed=42, steps=8, preview_every=2)
    result = await easel.result(job)
    types = easel.site.story.types(job)
    assert types[0] == "started" and types[-2:] == ["output", "completed"]

    steps = [e.progress for e in easel.told(job, "progress") if e.progress.stage == "sampling"]
    assert steps and all(step.steps == 8 for step in steps)
    assert [step.step for step in steps] == sorted({step.step for step in steps})
    assert 0 < steps[0].fraction <= steps[-1].fraction <= 1
    previews = [e.preview for e in easel.told(job, "preview")]
    assert [preview.step for preview in previews] == [2, 4, 6]
    for preview in previews:
        assert preview.content_type == "image/webp" and len(preview.image) <= 8 * 1024
        assert Image.open(io.BytesIO(preview.image)).size == (64, 64)

    assert (result.seed, result.model, len(result.model_hash)) == (42, "starter", 64)
    (asset,) = result.outputs
    assert (asset.id, asset.kind, asset.content_type) == (asset_id(job, 0), "image", "image/png")
    assert (asset.width, asset.height) == (64, 64)
    data = await easel.file(asset)
    kept = metadata.read(data)
    assert kept is not None and kept == json_format.MessageToDict(asset.provenance)
    assert (kept["prompt"], kept["seed"], kept["steps"], kept["sampler"]) == (APPLE, 42, 8, "dpmpp_2m")
    assert kept["model_hash"] == result.model_hash
    picture = Image.open(io.BytesIO(data))
    assert picture.text["parameters"].startswith(f"{APPLE}\nSteps: 8, Sampler: DPM++ 2M,")  # type: ignore[attr-defined]
    pixels = np.asarray(picture, dtype=float)
    corner, middle = pixels[:12, :12].mean((0, 1)), pixels[24:48, 24:48].mean((0, 1))
    assert corner[2] > corner[0] + 40 and middle[0] > middle[2] + 40


async def test_the_same_request_gives_the_same_file_alone_and_in_any_company(easel: Easel) -> None:
    alone = await easel.files(await easel.ask(seed=42))
    company = [
        {"sampler": sampler, "seed": k, "steps": 3 + k, "cfg_scale": 1.0 + k, "prompt": "a penguin in the snow"}
        for k, sampler in enumerate(("euler_a", "heun", "ddpm", "unipc", "lms", "pndm", "dpmpp_2m_sde"))
    ]
    jobs = await asyncio.gather(*(easel.ask(**settings) for settings in company[:4]), easel.ask(seed=42))
    jobs += await asyncio.gather(*(easel.ask(**settings) for settings in company[4:]))
    files = [await easel.files(job) for job in jobs]
    assert files[4] == alone
    assert len({data for (data,) in files}) == 8


async def test_a_dropped_picture_holds_all_it_takes_to_make_it_again(easel: Easel) -> None:
    (first,) = await easel.files(await easel.ask(prompt="a rocket at night", negative_prompt="moon", sampler="euler"))
    kept = metadata.read(first)
    assert kept is not None
    fields = ("prompt", "negative_prompt", "model", "width", "height", "steps", "cfg_scale", "sampler", "seed")
    (again,) = await easel.files(await easel.ask(**{name: kept[name] for name in fields}))
    assert again == first


@pytest.mark.parametrize("image_format", ["jpeg", "webp"])
async def test_other_formats_carry_the_settings_too(easel: Easel, image_format: str) -> None:
    result = await easel.result(await easel.ask(steps=2, format=image_format, width=96, height=64))
    (asset,) = result.outputs
    data = await easel.file(asset)
    assert asset.content_type == f"image/{image_format}" and asset.sha256
    assert Image.open(io.BytesIO(data)).size == (96, 64)
    kept = metadata.read(data)
    assert kept is not None and kept["width"] == 96 and kept["seed"] == result.seed


async def test_several_pictures_come_in_order_each_with_its_seed(easel: Easel) -> None:
    job = await easel.ask(seed=7, count=3)
    result = await easel.result(job)
    assert [asset.index for asset in result.outputs] == [0, 1, 2]
    assert [asset.provenance["seed"] for asset in result.outputs] == [7, 8, 9]
    (third,) = await easel.files(await easel.ask(seed=9))
    assert await easel.file(result.outputs[2]) == third
    assert any("picture 2 of 3" in event.progress.message for event in easel.told(job, "progress"))


def shown(data: bytes) -> np.ndarray:
    """A file's pixels."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=int)


async def test_a_picture_begins_with_another_and_keeps_its_shape(easel: Easel) -> None:
    (first,) = await easel.files(await easel.ask(seed=42, steps=8))
    begun = await easel.keep(Image.open(io.BytesIO(first)).resize((97, 65)))
    asked: dict[str, Any] = {"image": begun, "steps": 10, "strength": 0.4, "seed": 1}
    job = await easel.ask("diffusion.image_to_image", **asked)
    (asset,) = (await easel.result(job)).outputs
    assert (asset.width, asset.height) == (96, 64)
    steps = [e.progress for e in easel.told(job, "progress") if e.progress.stage == "sampling"]
    assert steps[-1].steps == 4
    kept = metadata.read(await easel.file(asset))
    assert kept is not None and kept["strength"] == 0.4 and kept["fit"] == "crop" and len(kept["image_sha256"]) == 64
    assert kept["kind"] == "diffusion.image_to_image"
    (again,) = await easel.files(await easel.ask("diffusion.image_to_image", **asked))
    assert again == await easel.file(asset)
    # The less is made anew, the nearer it stays.
    near, far = [
        np.abs(shown(data) - np.asarray(Image.open(io.BytesIO(first)).resize((96, 64)), dtype=int)).mean()
        for strength in (0.1, 1.0)
        for data in await easel.files(await easel.ask("diffusion.image_to_image", **{**asked, "strength": strength}))
    ]
    assert near < far


@pytest.mark.parametrize("only_masked", [False, True])
async def test_inpainting_changes_what_is_masked_and_no_pixel_else(easel: Easel, only_masked: bool) -> None:
    whole = Image.effect_noise((200, 150), 60).convert("RGB")
    mask = Image.new("L", (100, 75))
    mask.paste(255, (40, 20, 70, 50))
    job = await easel.ask(
        "diffusion.inpaint",
        image=await easel.keep(whole),
        mask=await easel.keep(mask),
        mask_blur=2,
        only_masked=only_masked,
        padding=10,
        strength=1.0,
    )
    (asset,) = (await easel.result(job)).outputs
    assert (asset.width, asset.height) == (200, 150)
    changed = np.abs(shown(await easel.file(asset)) - np.asarray(whole, dtype=int)).max(2) > 0
    assert changed[44:96, 84:136].mean() > 0.9
    # A blur of radius 2 reaches less than 10 pixels far.
    changed[30:110, 70:150] = False
    assert not changed.any()
    kept = metadata.read(await easel.file(asset))
    assert kept is not None and kept["only_masked"] is only_masked and kept["width"] == 200


async def test_a_source_that_is_none_is_refused_by_name(easel: Easel) -> None:
    picture = await easel.keep(Image.new("RGB", (64, 64)))
    gone = await easel.failure(await easel.ask("diffusion.image_to_image", image="s3://elsewhere/x.png"))
    assert [fault.field for fault in gone.fields] == ["image"]
    black = await easel.failure(await easel.ask("diffusion.inpaint", image=picture, mask=picture))
    assert [fault.field for fault in black.fields] == ["mask"] and "white" in black.message


async def test_a_random_seed_is_told(easel: Easel) -> None:
    results = [await easel.result(await easel.ask(steps=1, seed=-1)) for _ in range(2)]
    assert results[0].seed != results[1].seed and min(result.seed for result in results) >= 0
    assert results[0].outputs[0].provenance["seed"] == results[0].seed


async def test_cancel_ends_a_job_within_a_step(easel: Easel) -> None:
    job = await easel.ask(steps=150, count=4)
    story = easel.site.story
    reached = (await story.until(job, lambda e: e.progress.step >= 3)).progress.step
    await send_control(easel.site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "enough")
    await story.until(job, told("cancelled"))
    # Steps told while the word was on its way, and the one it met.
    assert max(e.progress.step for e in easel.told(job, "progress")) <= reached + 6
    assert story.types(job)[-1] == "cancelled" and "output" not in story.types(job)


async def test_words_beyond_one_chunk_are_read(easel: Easel) -> None:
    long = "on a white background, " * 30
    asked = [f"an apple {long}", f"an apple {long} with a blue sky", f"an apple BREAK {long}"]
    files = [await easel.files(await easel.ask(prompt=prompt, steps=2)) for prompt in asked]
    assert len({shown(made[0]).tobytes() for made in files}) == 3


async def test_a_lora_changes_the_picture_and_is_kept_with_it(easel: Easel) -> None:
    asked: list[dict[str, Any]] = [
        {},
        {"loras": [{"model": "sepia", "weight": 0}]},
        {"loras": [{"model": "sepia"}]},
        {"prompt": f"{APPLE} <lora:sepia:1>"},
    ]
    jobs = [await easel.ask(**settings, seed=42, steps=8) for settings in asked]
    plain, nothing, whole, inline = [(await easel.files(job))[0] for job in jobs]
    assert (shown(plain) == shown(nothing)).all() and (shown(whole) == shown(inline)).all()
    # Old paper is brighter in red than in blue, where the background was blue.
    before, after = shown(plain)[:12, :12].mean((0, 1)), shown(whole)[:12, :12].mean((0, 1))
    assert before[2] > before[0] + 40 and after[0] > after[2] + 20
    kept = metadata.read(whole)
    assert kept is not None and kept["loras"] == [{"model": "sepia", "weight": 1.0}]
    (digest,) = kept["lora_hashes"].values()
    assert len(digest) == 64
    text = Image.open(io.BytesIO(whole)).info["parameters"]
    assert text.startswith(f"{APPLE} <lora:sepia:1>\n") and f'Lora hashes: "sepia: {digest[:10]}"' in text
    kept = metadata.read(inline)
    assert kept is not None and kept["prompt"].endswith("<lora:sepia:1>") and kept["loras"] == []


async def test_chance_in_a_prompt_is_decided_by_each_pictures_seed(easel: Easel) -> None:
    template = "a {red|green|blue|yellow} __thing__ on a <random:white|pink> background"
    three = await easel.result(await easel.ask(prompt=template, seed=5, count=3, steps=1))
    said: list[dict[str, Any]] = [dict(asset.provenance) for asset in three.outputs]
    assert len({one["prompt"] for one in said}) == 3 and not any("_" in one["prompt"] for one in said)
    assert {one["prompt_template"] for one in said} == {template}
    again = await easel.result(await easel.ask(prompt=template, seed=7, steps=1))
    plain = await easel.result(await easel.ask(prompt=said[2]["prompt"], seed=7, steps=1))
    assert dict(again.outputs[0].provenance) == said[2]
    files = [await easel.file(asset) for asset in (three.outputs[2], again.outputs[0], plain.outputs[0])]
    assert len({shown(file).tobytes() for file in files}) == 1


async def test_the_very_same_is_given_again_and_said_so(easel: Easel) -> None:
    asked: dict[str, Any] = {"seed": 4711, "count": 2, "fresh": False}
    first, job = await easel.result(await easel.ask(**asked)), await easel.ask(**asked)
    second = await easel.result(job)
    assert not first.cached and second.cached and second.seed == 4711
    assert not easel.told(job, "progress")
    assert [asset.sha256 for asset in first.outputs] == [asset.sha256 for asset in second.outputs]
    assert {asset.id for asset in first.outputs}.isdisjoint(asset.id for asset in second.outputs)
    assert [asset.provenance["cached"] for asset in second.outputs] == [True, True]
    # Deleting the one leaves the other.
    objects = ObjectStore(easel.site.settings)
    for asset in first.outputs:
        await objects.delete(asset.key)
    assert [len(await easel.file(asset)) for asset in second.outputs]
    for changes in ({"fresh": True}, {"steps": 5}, {"count": 1}, {"loras": [{"model": "sepia"}]}, {"format": "jpeg"}):
        assert not (await easel.result(await easel.ask(**{**asked, **changes}))).cached, changes


async def test_what_was_deleted_is_made_again(easel: Easel) -> None:
    asked: dict[str, Any] = {"seed": 4712, "count": 2, "fresh": False}
    first = await easel.result(await easel.ask(**asked))
    await ObjectStore(easel.site.settings).delete(first.outputs[1].key)
    again = await easel.result(await easel.ask(**asked))
    assert not again.cached and [a.sha256 for a in again.outputs] == [a.sha256 for a in first.outputs]


async def test_another_owner_is_not_given_it(easel: Easel) -> None:
    asked: dict[str, Any] = {"seed": 4713, "fresh": False}
    await easel.result(await easel.ask(**asked))
    assert not (await easel.result(await easel.ask(**asked, owner="bob"))).cached
    assert (await easel.result(await easel.ask(**asked))).cached


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        ({"model": "gryphon"}, "model_not_found", "model"),
        ({"loras": [{"model": "gryphon"}]}, "bad_input", "loras.0.model"),
        ({"prompt": "an apple <lora:gryphon:1>"}, "bad_input", "prompt"),
        ({"prompt": "an apple", "negative_prompt": "__gryphon__"}, "bad_input", "negative_prompt"),
        ({"width": 4096, "height": 4096}, "bad_input", "width"),
    ],
)
async def test_what_cannot_be_made_names_the_field(
    easel: Easel, settings: dict[str, Any], code: str, field: str
) -> None:
    error = await easel.failure(await easel.ask(**settings))
    assert error.code == code and not error.retryable
    assert [fault.field for fault in error.fields] == [field]


async def test_what_the_contract_forbids_is_refused_here_as_well(easel: Easel) -> None:
    request = TextToImageRequest(prompt=APPLE, steps=1000, cfg_scale=99)
    error = await easel.failure(await easel.ask_unchecked(request))
    assert error.code == "bad_input" and {fault.field for fault in error.fields} == {"steps", "cfg_scale"}


async def test_a_model_that_cannot_be_loaded_says_why_and_spoils_nothing(easel: Easel) -> None:
    error = await easel.failure(await easel.ask(model="missing"))
    assert error.code == "model_failed" and "/no/such/folder" in error.message and error.hint
    assert await easel.files(await easel.ask(steps=1))


async def test_options_tell_what_there_is(easel: Easel) -> None:
    options: DiffusionOptions = await CallClient(easel.site.bus).unary("diffusion.options", DiffusionOptionsRequest())
    starter = options.models[0]
    assert (starter.name, starter.status, starter.native_size) == ("starter", "loaded", 64)
    assert len(starter.hash) == 64 and starter.device == "cpu"
    assert options.models[1].name == "missing" and options.models[1].status in ("available", "failed")
    assert list(options.samplers) == list(SAMPLERS)
    assert list(options.loras) == ["sepia"] and {"thing", "colour", "scene"} <= set(options.wildcards)


async def test_a_killed_workers_pictures_are_finished_by_another_and_stored_once(site: Site, tmp_path: Path) -> None:
    easel = Easel(site)
    with worker(site.settings, tmp_path, site.pool, diffusion_batch=1, diffusion_threads=1) as first:
        job = await easel.ask(seed=42, count=3, steps=8)
        await site.story.until(job, told("progress"))
        first.kill()
    with worker(site.settings, tmp_path, site.pool):
        result = await easel.result(job)
        undisturbed = await easel.files(await easel.ask(seed=42, count=3, steps=8))
    assert [asset.id for asset in result.outputs] == [asset_id(job, index) for index in range(3)]
    assert await easel.files(job) == undisturbed
    assert [event.output.asset.index for event in easel.told(job, "output")] == [0, 1, 2]
    assert len(easel.told(job, "completed")) == 1
    assert len(await ObjectStore(site.settings).keys(f"assets/ann/{job}/")) == 3
