"""Videos by the diffusion service on the bus, with the starter model: what is told, stored, refused, and survives."""

import io
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format
from PIL import Image

from atelier.v1.common_pb2 import Asset, ControlAction
from services.diffusion import metadata
from services.diffusion.clip import ClipReader
from services.kit.control import send_control
from services.kit.ids import asset_id, new_ulid
from services.kit.objects import ObjectStore
from services.kit.settings import Settings
from tests.service.diffusion_rig import APPLE, Easel, worker
from tests.service.kit_rig import Site, told
from tests.unit.motion import shift

WORDS, PICTURE = "diffusion.text_to_video", "diffusion.image_to_video"
SHORT: dict[str, Any] = {"duration_s": 3, "fps": 4, "steps": 4, "seed": 42}


@pytest.fixture(scope="module")
def pool(kit_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A pool with one worker in it."""
    name = f"pool-{new_ulid().lower()[-12:]}"
    with worker(kit_settings, tmp_path_factory.mktemp("video"), name):
        yield name


@pytest.fixture
async def easel(site: Site, pool: str) -> AsyncIterator[Easel]:
    """Asks the module's one worker."""
    yield Easel(replace(site, pool=pool))


async def frames_of(easel: Easel, asset: Asset, folder: Path) -> list[np.ndarray]:
    """The frames of a stored video."""
    path = folder / asset.sha256
    path.write_bytes(await easel.file(asset))
    with ClipReader(path) as reader:
        assert (reader.width, reader.height) == (asset.width, asset.height)
        return list(reader)


def noise(size: tuple[int, int] = (320, 200)) -> Image.Image:
    """A picture with something to see everywhere."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


async def test_a_video_from_words_is_told_frame_by_frame_and_kept_with_its_settings(
    easel: Easel, tmp_path: Path
) -> None:
    camera = {"move": "zoom_in", "intensity": 1.0}
    job = await easel.ask(
        WORDS, duration_s=5, fps=6, steps=6, seed=42, camera=camera, motion_intensity=0.5, preview_every=2
    )
    result = await easel.result(job)
    (asset,) = result.outputs
    assert (asset.id, asset.kind, asset.content_type) == (asset_id(job, 0), "video", "video/mp4")
    assert (asset.width, asset.height, asset.duration_s) == (256, 256, 5.0)
    assert (result.seed, result.model, len(result.model_hash)) == (42, "starter", 64)

    progress = [event.progress for event in easel.told(job, "progress")]
    assert {step.stage for step in progress} == {"sampling", "rendering"}
    fractions = [step.fraction for step in progress]
    assert fractions == sorted(fractions) and 0 < fractions[0] < fractions[-1] <= 1
    assert any("picture 2 of 6" in step.message for step in progress)
    assert progress[-1].message == "Frame 30 of 30" and any(step.HasField("eta_s") for step in progress)
    previews = [event.preview for event in easel.told(job, "preview")]
    assert len(previews) > 2 and all(len(preview.image) <= 8 * 1024 for preview in previews)
    assert Image.open(io.BytesIO(previews[-1].image)).size == (256, 256)

    data = await easel.file(asset)
    kept = metadata.read(data)
    assert kept is not None and kept == json_format.MessageToDict(asset.provenance)
    assert (kept["prompt"], kept["seed"], kept["duration_s"], kept["fps"]) == (APPLE, 42, 5.0, 6)
    assert kept["camera"] == camera and kept["technique"] == "re-imagined still"
    frames = await frames_of(easel, asset, tmp_path)
    assert len(frames) == 30
    # A red apple on blue, which fills more of the last frame than of the first.
    red = [float((frame[:, :, 0].astype(int) > frame[:, :, 2].astype(int) + 40).mean()) for frame in frames]
    assert red[0] > 0.05 and red[-1] > 1.3 * red[0]


async def test_the_same_request_gives_the_same_file_and_its_settings_give_it_again(easel: Easel) -> None:
    asked: dict[str, Any] = {**SHORT, "camera": {"move": "pan_left", "intensity": 0.4}, "motion_intensity": 0.7}
    (first,) = await easel.files(await easel.ask(WORDS, **asked))
    kept = metadata.read(first)
    assert kept is not None
    fields = "prompt negative_prompt model width height steps cfg_scale sampler seed duration_s fps camera"
    fields += " motion_intensity format"
    (again,) = await easel.files(await easel.ask(WORDS, **{name: kept[name] for name in fields.split()}))
    assert again == first
    (other,) = await easel.files(await easel.ask(WORDS, **{**asked, "seed": 43}))
    assert other != first


async def test_a_camera_move_over_a_still_says_so_and_samples_nothing(easel: Easel, tmp_path: Path) -> None:
    picture = noise()
    job = await easel.ask(
        PICTURE, image=await easel.keep(picture), camera={"move": "pan_left"}, **{**SHORT, "prompt": ""}
    )
    (asset,) = (await easel.result(job)).outputs
    assert (asset.width, asset.height) == (320, 200)
    assert {event.progress.stage for event in easel.told(job, "progress")} == {"rendering"}
    assert asset.provenance["technique"] == "camera move over a still"
    assert len(str(asset.provenance["image_sha256"])) == 64
    frames = await frames_of(easel, asset, tmp_path)
    assert len(frames) == 12
    right, down = shift(frames[3], frames[6])
    assert right < -4 and abs(down) < 2


async def test_motion_changes_a_picture_and_leaves_it_the_same(easel: Easel, tmp_path: Path) -> None:
    (first,) = await easel.files(await easel.ask(seed=42, steps=8))
    picture = Image.open(io.BytesIO(first)).resize((256, 256), Image.Resampling.BICUBIC)
    uri = await easel.keep(picture)
    stills: list[list[np.ndarray]] = []
    for motion in (0.0, 0.8):
        asked = {**SHORT, "steps": 10, "motion_intensity": motion}
        (asset,) = (await easel.result(await easel.ask(PICTURE, image=uri, **asked))).outputs
        stills.append(await frames_of(easel, asset, tmp_path))
    still, moving = ([float(np.abs(f.astype(int) - np.asarray(picture)).mean()) for f in frames] for frames in stills)
    assert max(still) < 4 and moving[0] < 4
    assert moving[-1] > 2 * still[-1]
    # No frame jumps: the picture fades from one state to the next.
    steps = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(stills[1], stills[1][1:], strict=False)]
    assert max(steps) < moving[-1]


@pytest.mark.parametrize(("clip_format", "kind"), [("gif", "image/gif"), ("webp", "image/webp")])
async def test_other_formats_carry_the_settings_too(easel: Easel, clip_format: str, kind: str) -> None:
    asked = {**SHORT, "format": clip_format, "width": 97, "height": 65, "motion_intensity": 0}
    (asset,) = (await easel.result(await easel.ask(WORDS, **asked))).outputs
    data = await easel.file(asset)
    assert (asset.kind, asset.content_type, asset.width, asset.height) == ("image", kind, 97, 65)
    picture = Image.open(io.BytesIO(data))
    assert picture.n_frames > 1 and picture.size == (97, 65)  # type: ignore[attr-defined]
    kept = metadata.read(data)
    assert kept is not None and kept["duration_s"] == 3 and kept["technique"] == "camera move over a still"


async def test_odd_sides_of_an_mp4_grow_by_one(easel: Easel, tmp_path: Path) -> None:
    asked = {**SHORT, "width": 97, "height": 65, "motion_intensity": 0}
    (asset,) = (await easel.result(await easel.ask(WORDS, **asked))).outputs
    assert (asset.width, asset.height) == (98, 66)
    assert len(await frames_of(easel, asset, tmp_path)) == 12


async def test_cancel_ends_a_video_within_a_moment_and_leaves_nothing(easel: Easel) -> None:
    before = {name for name in os.listdir("/tmp") if name.startswith("atelier-video-")}
    story = easel.site.story
    cases: tuple[tuple[str, dict[str, Any]], ...] = (
        ("sampling", {"steps": 150, "motion_intensity": 1.0}),
        ("rendering", {"steps": 1, "motion_intensity": 0, "width": 1280, "height": 720, "fps": 30}),
    )
    for stage, asked in cases:
        job = await easel.ask(WORDS, duration_s=30, seed=1, camera={"move": "zoom_in"}, **asked)
        await story.until(job, lambda e, stage=stage: e.progress.stage == stage)
        await send_control(easel.site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "enough")
        await story.until(job, told("cancelled"))
        assert story.types(job)[-1] == "cancelled" and "output" not in story.types(job)
    after = {name for name in os.listdir("/tmp") if name.startswith("atelier-video-")}
    assert after <= before


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"image": "s3://elsewhere/x.png"}, "image"),
        ({"model": "gryphon"}, "model"),
    ],
)
async def test_what_cannot_be_made_names_the_field(easel: Easel, asked: dict[str, Any], field: str) -> None:
    image = await easel.keep(noise((64, 64)))
    error = await easel.failure(await easel.ask(PICTURE, **{**SHORT, "image": image, **asked}))
    assert [fault.field for fault in error.fields] == [field] and not error.retryable


async def test_a_killed_workers_video_is_finished_by_another_and_stored_once(site: Site, tmp_path: Path) -> None:
    easel = Easel(site)
    asked: dict[str, Any] = {**SHORT, "steps": 12, "motion_intensity": 1.0, "seed": -1}
    with worker(site.settings, tmp_path, site.pool, diffusion_threads=1) as first:
        job = await easel.ask(WORDS, **asked)
        await site.story.until(job, lambda e: e.progress.stage == "rendering")
        first.kill()
    with worker(site.settings, tmp_path, site.pool):
        result = await easel.result(job)
        undisturbed = await easel.files(await easel.ask(WORDS, **{**asked, "seed": result.seed}))
    assert await easel.files(job) == undisturbed
    assert len(easel.told(job, "output")) == len(easel.told(job, "completed")) == 1
    assert len(await ObjectStore(site.settings).keys(f"assets/ann/{job}/")) == 1
