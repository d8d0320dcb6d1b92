"""A picture file carries its settings, and gives them back."""

import io
from typing import Any

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from services.diffusion import metadata
from services.diffusion.model import ModelCard
from services.diffusion.provenance import settings_of
from tests.unit.diffusion_rig import apple

CARD = ModelCard("starter", "here", "ab" * 32, 64, 64, 4, "cpu")
FORMATS = ("png", "jpeg", "webp")


def settings(**changes: object) -> dict[str, Any]:
    return settings_of("diffusion.text_to_image", apple(**changes), 2, CARD, (64, 64))


def picture() -> Image.Image:
    return Image.linear_gradient("L").resize((64, 64)).convert("RGB")


@pytest.mark.parametrize("image_format", FORMATS)
def test_settings_come_back_whole(image_format: str) -> None:
    wanted = settings(prompt='naïve "quotes", 漢字\nand a second line 🍎', negative_prompt="blurry")
    encoded = metadata.encode(picture(), image_format, wanted)
    assert encoded.content_type == f"image/{image_format}"
    assert Image.open(io.BytesIO(encoded.data)).format == image_format.upper()
    assert metadata.read(encoded.data) == wanted
    assert wanted["seed"] == 44 and wanted["model_hash"] == "ab" * 32


@pytest.mark.parametrize("image_format", FORMATS)
def test_equal_input_gives_equal_bytes(image_format: str) -> None:
    first, second = (metadata.encode(picture(), image_format, settings()).data for _ in range(2))
    assert first == second


def test_png_carries_the_text_that_a1111_reads() -> None:
    data = metadata.encode(picture(), "png", settings(negative_prompt="blurry", sampler="dpmpp_2m_karras")).data
    assert Image.open(io.BytesIO(data)).text["parameters"] == (  # type: ignore[attr-defined]
        "a red apple on a blue background\n"
        "Negative prompt: blurry\n"
        "Steps: 6, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 44, Size: 64x64, "
        f"Model hash: ababababab, Model: starter, Version: Atelier {settings()['versions']['atelier']}"
    )


@pytest.mark.parametrize("image_format", ["jpeg", "webp"])
def test_exif_carries_the_text_that_a1111_reads(image_format: str) -> None:
    data = metadata.encode(picture(), image_format, settings()).data
    comment = Image.open(io.BytesIO(data)).getexif().get_ifd(IFD.Exif)[Base.UserComment]
    assert comment.startswith(b"UNICODE\x00")
    assert comment[8:].decode("utf-16-be").startswith("a red apple on a blue background\nSteps: 6, Sampler: DPM++ 2M,")


@pytest.mark.parametrize("image_format", FORMATS)
def test_the_longest_prompts_fit(image_format: str) -> None:
    wanted = settings(prompt="🍎漢" * 4000, negative_prompt="ß🍐" * 4000)
    assert metadata.read(metadata.encode(picture(), image_format, wanted).data) == wanted


def test_other_files_carry_nothing() -> None:
    plain = io.BytesIO()
    picture().save(plain, "PNG")
    note = Image.Exif()
    note.get_ifd(IFD.Exif)[Base.MakerNote] = b"Atelier\x00not zlib"
    broken = io.BytesIO()
    picture().save(broken, "JPEG", exif=note)
    whole = metadata.encode(picture(), "png", settings()).data
    for data in (b"", b"no picture", plain.getvalue(), broken.getvalue(), whole[:60]):
        assert metadata.read(data) is None
