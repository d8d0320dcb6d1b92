"""Pictures that requests begin with: sizes, fits, and what inpainting puts back."""

import numpy as np
import pytest
from PIL import Image

from services.diffusion.faults import CannotSample
from services.diffusion.model import ModelCard
from services.diffusion.source import Retouch, fitted, opaque, retouch, size_near

CARD = ModelCard("tiny", "/models/tiny", "ab" * 32, 64, 64, 8, "cpu")
MAX_AREA = 4.0


def prepared(image: Image.Image, mask: Image.Image, **changes: object) -> Retouch:
    options = {"blur": 0, "invert": False, "only_masked": False, "padding": 0, **changes}
    return retouch(image, mask, CARD, MAX_AREA, **options)  # pyright: ignore[reportArgumentType]


def spot(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((64, 64), (64, 64)),
        ((100, 50), (96, 64)),
        ((128, 128), (128, 128)),
        ((1920, 1080), (168, 96)),
        ((9, 9), (64, 64)),
    ],
)
def test_a_size_is_near_the_picture_s_and_one_the_model_can_do(picture: tuple[int, int], size: tuple[int, int]) -> None:
    assert size_near(CARD, *picture, MAX_AREA) == size
    CARD.check_size(*size, MAX_AREA)


def test_each_fit_gives_the_size_and_treats_the_rest_as_it_says() -> None:
    wide = Image.new("RGB", (80, 40), "red")
    wide.paste("blue", (60, 0, 80, 40))
    for fit in ("crop", "pad", "stretch"):
        assert fitted(wide, 64, 64, fit).size == (64, 64)
    assert fitted(wide, 64, 64, "crop").getpixel((50, 32)) == (255, 0, 0)
    assert fitted(wide, 64, 64, "stretch").getpixel((60, 32)) == (0, 0, 255)
    padded = fitted(wide, 64, 64, "pad")
    assert padded.getpixel((2, 2)) == (255, 0, 0) and padded.getpixel((62, 62)) == (0, 0, 255)


def test_what_is_transparent_is_white_in_a_picture_and_stays_in_a_mask() -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    assert opaque(clear).getpixel((3, 3)) == (255, 255, 255)
    mask = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    mask.paste((255, 255, 255, 255), (0, 0, 10, 64))
    assert np.asarray(prepared(Image.new("RGB", (64, 64)), mask).mask).sum() == 255 * 10 * 64


def test_a_mask_may_be_smaller_than_its_picture_and_inverted() -> None:
    picture = Image.new("RGB", (128, 128))
    small = spot((64, 64), (0, 0, 32, 64))
    left = np.asarray(prepared(picture, small).mask)
    assert left[:, :64].all() and not left[:, 64:].any()
    right = np.asarray(prepared(picture, small, invert=True).mask)
    assert not right[:, :64].any() and right[:, 64:].all()


def test_only_the_masked_part_is_worked_on_at_the_model_s_size_and_put_back_in_its_place() -> None:
    picture = Image.new("RGB", (1000, 800), "gray")
    part = prepared(picture, spot(picture.size, (500, 300, 540, 340)), only_masked=True, padding=12)
    assert part.image.size == (64, 64)
    whole = np.asarray(part.put_back(Image.new("RGB", part.image.size, "red")))
    red = (whole == (255, 0, 0)).all(2)
    assert red[300:340, 500:540].all() and red.sum() == 40 * 40


def test_a_blurred_mask_blends_and_leaves_what_is_far_as_it_was() -> None:
    picture = Image.new("RGB", (64, 64), "gray")
    whole = np.asarray(
        prepared(picture, spot((64, 64), (24, 24, 40, 40)), blur=2).put_back(Image.new("RGB", (64, 64), "red"))
    )
    assert 128 < whole[24, 32, 0] < 255 and tuple(whole[32, 32]) == (255, 0, 0)
    assert (whole[:12] == 128).all() and (whole[:, 52:] == 128).all()


def test_a_mask_of_nothing_is_refused() -> None:
    with pytest.raises(CannotSample, match="masks nothing") as told:
        prepared(Image.new("RGB", (64, 64)), Image.new("L", (64, 64)))
    assert told.value.field == "mask"
