"""Upscaling on the bus: what is told, stored and refused, videos with their sound, and what it survives."""

import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from google.protobuf import json_format
from PIL import Image

from atelier.v1.common_pb2 import ControlAction
from atelier.v1.diffusion_pb2 import DiffusionOptions, DiffusionOptionsRequest
from services.diffusion import metadata
from services.diffusion.clip import ClipReader, ClipWriter
from services.kit.call import CallClient
from services.kit.control import send_control
from services.kit.ids import asset_id, new_ulid
from services.kit.objects import ObjectStore
from services.kit.settings import Settings
from tests.service.diffusion_rig import Easel, worker
from tests.service.kit_rig import Site, told

pytestmark = pytest.mark.starter
KIND = "diffusion.upscale"
FPS, FRAMES = Fraction(25, 2), 15


@pytest.fixture(scope="module")
def pool(kit_settings: Settings, real_esrgan: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A pool with one worker in it."""
    name = f"pool-{new_ulid().lower()[-12:]}"
    folder = tmp_path_factory.mktemp("upscale")
    with worker(kit_settings, folder, name, diffusion_upscalers=real_esrgan, diffusion_upscale_max_megapixels=1):
        yield name


@pytest.fixture
async def easel(site: Site, pool: str) -> AsyncIterator[Easel]:
    """Asks the module's one worker."""
    yield Easel(replace(site, pool=pool))


def gradient(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture whose every pixel differs."""
    rows, columns = np.mgrid[:height, :width]
    red, green = columns * 255 // max(1, width - 1), rows * 255 // max(1, height - 1)
    pixels = np.stack([red, green, (red + green) // 2, np.full_like(red, 255)], axis=2).astype(np.uint8)
    return Image.fromarray(pixels[..., : len(mode)])


async def test_a_picture_is_told_tile_by_tile_and_kept_twice_as_large(easel: Easel) -> None:
    (source,) = (await easel.result(await easel.ask("diffusion.text_to_image", seed=42))).outputs
    uri = ObjectStore(easel.site.settings).uri(source.key)
    job = await easel.ask(KIND, image=uri, tile=32)
    result = await easel.result(job)
    steps = [e.progress for e in easel.told(job, "progress") if e.progress.stage == "upscaling"]
    assert steps[-1].step == steps[-1].steps == 4 and steps[0].message == "Tile 1 of 4" and steps[0].eta_s > 0
    assert [p.fraction for p in steps] == sorted(p.fraction for p in steps)
    previews = [e.preview for e in easel.told(job, "preview")]
    assert previews and all(Image.open(io.BytesIO(p.image)).size == (64, 64) for p in previews)

    (asset,) = result.outputs
    assert (asset.id, asset.width, asset.height, asset.kind) == (asset_id(job, 0), 128, 128, "image")
    assert (result.model, len(result.model_hash)) == ("realesr-animevideov3", 64)
    data = await easel.file(asset)
    kept = metadata.read(data)
    assert kept is not None and kept == json_format.MessageToDict(asset.provenance)
    assert (kept["scale"], kept["tile"], kept["source_sha256"]) == (2, 32, source.sha256)
    assert kept["source"]["seed"] == 42 and kept["prompt"] == kept["source"]["prompt"]
    text = Image.open(io.BytesIO(data)).info["parameters"]
    assert "Seed: 42" in text and "Postprocess upscale by: 2" in text
    (again,) = await easel.files(await easel.ask(KIND, image=uri, tile=32))
    assert again == data


@pytest.mark.parametrize(("image_format", "mode"), [("png", "RGBA"), ("webp", "RGBA"), ("jpeg", "RGB")])
async def test_transparency_is_kept_where_the_format_knows_it(easel: Easel, image_format: str, mode: str) -> None:
    source = gradient(31, 20, "RGBA")
    source.putpixel((0, 0), (0, 0, 0, 0))
    job = await easel.ask(KIND, image=await easel.keep(source), scale=3, format=image_format)
    (asset,) = (await easel.result(job)).outputs
    picture = Image.open(io.BytesIO(await easel.file(asset)))
    assert asset.content_type == f"image/{image_format}" and (asset.width, asset.height) == (93, 60)
    assert (picture.mode, picture.size) == (mode, (93, 60))
    # Without transparency what was transparent is white.
    corner = picture.getpixel((0, 0))
    assert isinstance(corner, tuple) and (corner[3] < 64 if mode == "RGBA" else min(corner) > 150)


@pytest.mark.parametrize("sound", [True, False])
async def test_a_video_keeps_its_pace_length_and_sound(easel: Easel, tmp_path: Path, sound: bool) -> None:
    uri = await easel.keep_file(clip(tmp_path, sound=sound), "video/mp4")
    job = await easel.ask(KIND, video=uri)
    (asset,) = (await easel.result(job)).outputs
    assert (asset.kind, asset.content_type) == ("video", "video/mp4")
    assert (asset.width, asset.height) == (96, 64)
    assert asset.duration_s == pytest.approx(FRAMES / FPS, abs=0.05)
    steps = [e.progress for e in easel.told(job, "progress") if e.progress.stage == "upscaling"]
    assert steps[-1].message == f"Frame {FRAMES} of {FRAMES}"
    data = await easel.file(asset)
    kept = metadata.read(data)
    assert kept is not None and (kept["scale"], kept["model"]) == (2, "realesr-animevideov3")
    # Its index is at the front, so that it plays while it loads.
    assert data.index(b"moov") < data.index(b"mdat")
    path = tmp_path / "large.mp4"
    path.write_bytes(data)
    with ClipReader(path) as made, ClipReader(tmp_path / "small.mp4") as given:
        assert (made.fps, made.width, made.height, made.sound) == (FPS, 96, 64, "aac" if sound else None)
        frames, before = list(made), list(given)
    assert len(frames) == len(before) == FRAMES
    for large, small in zip(frames, before, strict=True):
        shrunk = np.asarray(Image.fromarray(large).resize((48, 32), Image.Resampling.BOX), dtype=int)
        assert np.abs(shrunk - small).mean() < 10
    if sound:
        assert packets(path) == packets(tmp_path / "small.mp4")


def clip(folder: Path, *, sound: bool) -> Path:
    """A bright bar that moves over a gradient, with a tone if wanted."""
    path = folder / "small.mp4"
    with ClipWriter(path, 48, 32, FPS, sound_of=tone(folder) if sound else None) as writer:
        for number in range(FRAMES):
            frame = np.array(gradient(48, 32))
            frame[:, number * 3 : number * 3 + 4] = 255
            writer.add(frame)
    return path


def tone(folder: Path) -> Path:
    """Two seconds of 440 Hz in an MP4."""
    path = folder / "tone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        wave = np.sin(np.arange(88_200) * 440 * 2 * np.pi / 44_100).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def packets(path: Path) -> list[bytes]:
    """The sound as it is stored."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize(
    ("settings", "field", "word"),
    [
        ({}, "image", "either"),
        ({"image": "s3://elsewhere/x.png", "video": "s3://elsewhere/x.mp4"}, "image", "either"),
        ({"image": "s3://elsewhere/x.png"}, "image", "no longer"),
        ({"video": "s3://elsewhere/x.mp4"}, "video", "no longer"),
        ({"image": "picture", "face_restore": True}, "face_restore", "weights"),
        ({"image": "picture", "model": "gryphon"}, "model", "realesrgan-x4plus"),
        ({"image": "picture", "scale": 4}, "scale", "at most 1 million"),
        ({"image": "strip", "format": "webp"}, "format", "16,383"),
        ({"image": "text"}, "image", "read"),
        ({"video": "text"}, "video", "read"),
    ],
)
async def test_what_cannot_be_made_larger_names_the_field(
    easel: Easel, settings: dict[str, Any], field: str, word: str
) -> None:
    given = {
        "picture": lambda: easel.keep(Image.new("RGB", (300, 300))),
        "strip": lambda: easel.keep(Image.new("RGB", (10_000, 2))),
        "text": lambda: easel.keep_file(b"no picture at all", "text/plain"),
    }
    asked = {name: await given[value]() if value in given else value for name, value in settings.items()}
    error = await easel.failure(await easel.ask(KIND, **asked))
    assert not error.retryable and [fault.field for fault in error.fields] == [field]
    assert word in error.message


async def test_options_tell_the_upscalers(easel: Easel) -> None:
    options: DiffusionOptions = await CallClient(easel.site.bus).unary("diffusion.options", DiffusionOptionsRequest())
    first = options.upscalers[0]
    assert (first.name, list(first.scales), first.status) == ("realesr-animevideov3", [2, 3, 4], "available")
    assert [list(one.default_scales) for one in options.upscalers] == [[2, 3], [4], []]
    assert not options.face_restoration


async def test_cancel_ends_a_job_between_tiles_and_pictures_are_made_meanwhile(easel: Easel) -> None:
    story = easel.site.story
    uri = await easel.keep(gradient(240, 240))
    job = await easel.ask(KIND, image=uri, scale=4, model="realesrgan-x4plus-anime", tile=32)
    await story.until(job, lambda event: event.progress.step >= 1)
    assert await easel.files(await easel.ask("diffusion.text_to_image", steps=2))
    reached = max(event.progress.step for event in easel.told(job, "progress"))
    await send_control(easel.site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "enough")
    await story.until(job, told("cancelled"))
    # Tiles told while the word was on its way, and those it met.
    assert max(event.progress.step for event in easel.told(job, "progress")) <= reached + 8 < 64
    assert story.types(job)[-1] == "cancelled" and "output" not in story.types(job)


async def test_a_job_that_comes_before_the_weights_waits_for_them(
    site: Site, tmp_path: Path, real_esrgan: Path
) -> None:
    easel, place = Easel(site), tmp_path / "weights"
    with worker(site.settings, tmp_path, site.pool, diffusion_upscalers=place):
        job = await easel.ask(KIND, image=await easel.keep(gradient(20, 20)))
        await site.story.until(job, lambda event: event.progress.stage == "loading")
        place.symlink_to(real_esrgan)
        (asset,) = (await easel.result(job)).outputs
        assert (asset.width, asset.height) == (40, 40)
    assert site.story.of(job)[-1].attempt > 1


async def test_a_killed_workers_job_is_finished_by_another_and_stored_once(
    site: Site, tmp_path: Path, real_esrgan: Path
) -> None:
    easel = Easel(site)
    uri = await easel.keep(gradient(200, 120))
    asked = {"image": uri, "tile": 32}
    with worker(site.settings, tmp_path, site.pool, diffusion_upscalers=real_esrgan, diffusion_threads=1) as first:
        job = await easel.ask(KIND, **asked)
        await site.story.until(job, lambda event: event.progress.step >= 2)
        first.kill()
    with worker(site.settings, tmp_path, site.pool, diffusion_upscalers=real_esrgan):
        await easel.result(job)
        undisturbed = await easel.files(await easel.ask(KIND, **asked))
    assert await easel.files(job) == undisturbed
    assert len(easel.told(job, "output")) == len(easel.told(job, "completed")) == 1
    assert list((tmp_path / "home" / "tmp").glob("upscale-*")) == []
