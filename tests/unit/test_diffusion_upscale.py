"""Upscaling with the real weights: seams, sizes, transparency, and whether it is any better than bicubic."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.datasets
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from services.diffusion import metadata
from services.diffusion.upscale import alpha
from services.diffusion.upscale.progress import Canvas, Pace
from services.diffusion.upscale.provenance import settings_of
from services.diffusion.upscale.tiles import cut, enlarge
from services.diffusion.upscale.upscalers import UPSCALERS, Loaded, Upscalers, WeightsMissing
from services.kit.failures import ModelNotFound

pytestmark = pytest.mark.starter
GENTLE, PHOTO, DRAWN = UPSCALERS


@pytest.fixture(scope="module")
def upscalers(real_esrgan: Path) -> Upscalers:
    """All of them."""
    return Upscalers(real_esrgan)


def photo(name: str) -> Image.Image:
    """A photograph of scikit-learn's, 640 × 427."""
    return Image.fromarray(sklearn.datasets.load_sample_image(f"{name}.jpg"))


def enlarged(image: Image.Image, loaded: Loaded, side: int) -> Image.Image:
    """A picture made larger tile by tile."""
    result = Image.new("RGB", (image.width * loaded.scale, image.height * loaded.scale))
    for tile in cut(*image.size, side):
        enlarge(image, tile, loaded).put(result)
    return result


def values(image: Image.Image) -> NDArray[np.int64]:
    """Its pixels, to reckon with."""
    return np.asarray(image.convert("RGB"), dtype=np.int64)


# --- tiles ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "side"), [(1, 1, 32), (257, 100, 64), (64, 64, 64), (65, 1, 32), (999, 31, 256)]
)
def test_tiles_cover_every_pixel_once_and_none_is_larger_than_asked(width: int, height: int, side: int) -> None:
    covered = np.zeros((height, width), dtype=int)
    for tile in cut(width, height, side):
        assert 0 < tile.right - tile.left <= side and 0 < tile.bottom - tile.top <= side
        covered[tile.top : tile.bottom, tile.left : tile.right] += 1
    assert (covered == 1).all()


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_tiles_that_see_far_enough_make_what_the_whole_would(upscalers: Upscalers, scale: int) -> None:
    loaded = upscalers.load(GENTLE, scale)
    image = photo("china").crop((60, 80, 60 + 111, 80 + 77))
    tiled, whole = enlarged(image, loaded, 40), enlarged(image, loaded, 1000)
    assert tiled.size == (111 * scale, 77 * scale)
    # One step of 255, where the last bit of a float rounded the other way.
    assert np.abs(values(tiled) - values(whole)).max() <= 1


def test_no_seam_shows_where_tiles_cannot_see_far_enough(upscalers: Upscalers) -> None:
    loaded = upscalers.load(DRAWN, 4)
    image = photo("flower").crop((250, 120, 250 + 96, 120 + 64))
    # From column to column nothing changes more than it does without tiles.
    tiled, whole = (
        np.abs(np.diff(values(enlarged(image, loaded, side)), axis=1)).mean(axis=(0, 2)) for side in (48, 1000)
    )
    assert (tiled < 1.2 * whole + 0.5).all()


@pytest.mark.parametrize(("scale", "native"), [(2, 4), (3, 4), (4, 4)])
def test_a_scale_without_weights_is_reached_from_the_next_larger(upscalers: Upscalers, scale: int, native: int) -> None:
    image = photo("flower").crop((250, 120, 250 + 33, 120 + 21))
    made = enlarged(image, upscalers.load(DRAWN, scale), 96)
    assert DRAWN.native(scale) == native
    assert made.size == (33 * scale, 21 * scale)
    # It is the same picture, nowhere shifted: brought back to its size, it is near to what it was.
    assert psnr(made.resize(image.size, Image.Resampling.BOX), image) > 24


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (7, 3)])
def test_the_smallest_pictures_are_made_larger_too(upscalers: Upscalers, size: tuple[int, int]) -> None:
    made = enlarged(Image.new("RGB", size, (200, 40, 60)), upscalers.load(GENTLE, 3), 256)
    assert made.size == (size[0] * 3, size[1] * 3)
    assert np.abs(values(made) - (200, 40, 60)).max() < 25


def test_the_same_picture_gives_the_same_pixels(upscalers: Upscalers) -> None:
    loaded, image = upscalers.load(GENTLE, 2), photo("china").crop((0, 0, 90, 60))
    assert enlarged(image, loaded, 64).tobytes() == enlarged(image, loaded, 64).tobytes()


# --- quality ----------------------------------------------------------------------------------------------------------


def psnr(image: Image.Image, truth: Image.Image) -> float:
    """Peak signal-to-noise ratio in dB, over all three channels."""
    return float(10 * np.log10(255**2 / ((values(image) - values(truth)) ** 2).mean()))


def as_cameras_give_it(image: Image.Image, scale: int) -> Image.Image:
    """A photo downscaled with a lens's blur (Gaussian, σ 0.7 pixels of the result) and saved as JPEG of quality 75."""
    blurred = image.filter(ImageFilter.GaussianBlur(0.7 * scale))
    small = blurred.resize((image.width // scale, image.height // scale), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize("name", ["china", "flower"])
@pytest.mark.parametrize("scale", [2, 4])
def test_a_downscaled_photo_comes_back_nearer_than_by_bicubic(upscalers: Upscalers, name: str, scale: int) -> None:
    truth = photo(name).crop((100, 60, 580, 396))
    small = as_cameras_give_it(truth, scale)
    made = enlarged(small, upscalers.load(GENTLE, scale), GENTLE.tile)
    assert made.size == truth.size
    assert psnr(made, truth) > psnr(small.resize(truth.size, Image.Resampling.BICUBIC), truth) + 0.1


# --- transparency -----------------------------------------------------------------------------------------------------


def test_transparency_is_kept_and_no_dark_rim_appears(upscalers: Upscalers) -> None:
    image = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(image).ellipse((12, 12, 52, 52), fill=(230, 60, 40, 255))
    colours, transparency = alpha.parted(image)
    made = alpha.joined(enlarged(colours, upscalers.load(GENTLE, 2), 256), transparency)
    assert made.mode == "RGBA" and made.size == (128, 128)
    pixels = np.asarray(made, dtype=int)
    assert pixels[64, 64, 3] == 255 and pixels[2, 2, 3] == 0
    seen = pixels[pixels[..., 3] > 32]
    assert (np.abs(seen[:, :3] - (230, 60, 40)) < 40).all()


def test_what_is_opaque_stays_so() -> None:
    image = Image.new("RGB", (5, 5), "red")
    assert alpha.parted(image) == (image, None)
    assert alpha.joined(image, None).mode == "RGB"


# --- which ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "scale", "video", "chosen"),
    [
        ("", 2, False, GENTLE),
        ("", 3, False, GENTLE),
        ("", 4, False, PHOTO),
        ("", 4, True, GENTLE),
        ("realesrgan-x4plus-anime", 2, False, DRAWN),
    ],
)
def test_the_default_depends_on_the_scale(name: str, scale: int, video: bool, chosen: Any) -> None:
    assert Upscalers(Path("nowhere")).chosen(name, scale, video=video) is chosen


def test_an_unknown_upscaler_is_named_with_those_there_are() -> None:
    with pytest.raises(ModelNotFound, match=r"gryphon.*realesrgan-x4plus"):
        Upscalers(Path("nowhere")).chosen("gryphon", 2, video=False)


def test_weights_that_are_not_there_are_named_with_their_folder(tmp_path: Path) -> None:
    absent = Upscalers(tmp_path)
    assert "realesrgan-x4plus.bin" in absent.missing(PHOTO)
    with pytest.raises(WeightsMissing, match=str(tmp_path)) as caught:
        absent.load(PHOTO, 4)
    assert caught.value.retryable and "make run" in caught.value.hint


# --- what is told -----------------------------------------------------------------------------------------------------


def test_the_time_left_is_reckoned_from_what_is_done() -> None:
    pace = Pace(10)
    assert pace.eta_s is None and not pace.preview_due
    for _ in range(10):
        pace.step()
    assert pace.fraction == 1 and pace.eta_s == 0 and not pace.preview_due
    pace.step()
    assert pace.fraction == 1 and pace.whole == 11


def test_a_preview_is_small_and_shows_what_is_done(upscalers: Upscalers) -> None:
    image = photo("china")
    canvas = Canvas(image)
    before = np.asarray(Image.open(io.BytesIO(canvas.encoded())).convert("L"), dtype=int)
    tile = cut(*image.size, 320)[0]
    canvas.show(tile, enlarge(image, tile, upscalers.load(GENTLE, 2)))
    data = canvas.encoded()
    after = np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=int)
    assert len(data) < 16_000 and after.shape == (171, 256)
    assert after[:80, :120].mean() > 2 * before[:80, :120].mean()
    assert abs(after[100:, 140:].mean() - before[100:, 140:].mean()) < 3


MADE = {
    "kind": "diffusion.text_to_image",
    "prompt": "a red apple",
    "negative_prompt": "",
    "steps": 20,
    "sampler_label": "Euler",
    "cfg_scale": 7.0,
    "seed": 5,
    "width": 64,
    "height": 64,
    "model_hash": "0123456789abcdef",
    "model": "starter",
    "versions": {"atelier": "1", "torch": "2"},
}


@pytest.fixture(scope="module")
def twice(upscalers: Upscalers) -> Loaded:
    """The default for twice the size."""
    return upscalers.load(GENTLE, 2)


def test_a_larger_picture_says_how_the_smaller_was_made(twice: Loaded) -> None:
    settings = settings_of("diffusion.upscale", twice, 256, (64, 64), "ab" * 32, MADE)
    assert settings["source"] == MADE and settings["prompt"] == "a red apple"
    assert (settings["scale"], settings["width"], settings["source_width"]) == (2, 128, 64)
    text = metadata.parameters(settings)
    assert text.startswith("a red apple\nSteps: 20, Sampler: Euler,")
    assert text.endswith("Postprocess upscale by: 2, Postprocess upscaler: realesr-animevideov3")
    again = settings_of("diffusion.upscale", twice, 256, (128, 128), "cd" * 32, settings)
    assert "source" not in again["source"] and again["prompt"] == "a red apple"
    assert metadata.read(metadata.encode(Image.new("RGBA", (8, 8)), "webp", settings).data) == settings


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        {"prompt": 5},
        {"scale": 2},
        {**MADE, "steps": {}},
        {**MADE, "seed": float("nan")},
        {**MADE, "versions": []},
        {**MADE, "prompt": "x" * 100_000},
        {f"field {n}": n for n in range(100)},
    ],
)
def test_what_a_file_claims_about_itself_is_only_believed_if_it_makes_sense(twice: Loaded, said: Any) -> None:
    settings = settings_of("diffusion.upscale", twice, 256, (64, 64), "ab" * 32, said)
    assert "source" not in settings and "prompt" not in settings
    assert metadata.parameters(settings).startswith("Postprocess upscale by: 2")


def test_a_tile_that_is_asked_for_does_not_change_what_is_made(twice: Loaded) -> None:
    wide = replace(twice, upscaler=replace(GENTLE, tile=512))
    image = photo("flower").crop((0, 0, 70, 50))
    assert np.abs(values(enlarged(image, wide, 512)) - values(enlarged(image, twice, 32))).max() <= 1
