"""The camera's path, what it does to a picture, and the size of frames."""

import json
from pathlib import Path as File
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from gateway.generation_options import shapes
from services.diffusion.video.path import Move, Path
from services.diffusion.video.plan import frame_size
from services.diffusion.video.reimagining import Reimagining
from services.diffusion.video.scene import Scene, affine, changed
from tests.unit.motion import shift

TABLE = json.loads((File(__file__).parent.parent / "camera_path.json").read_text())


def blots(size: tuple[int, int]) -> Image.Image:
    coarse = np.random.default_rng(5).integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['move']} {row['time']}")
def test_the_path_is_the_one_the_pages_show(row: dict[str, Any]) -> None:
    view = Path(row["move"], row["intensity"], row["aspect"]).at(row["time"])
    for name, value in row["view"].items():
        assert getattr(view, name) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("move", get_args(Move))
@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.4])
def test_no_view_leaves_the_picture(move: Move, aspect: float) -> None:
    path = Path(move, 1.0, aspect)
    width, height = round(240 * aspect), 240
    for time in np.linspace(0, 1, 9):
        a, b, c, d, e, f = affine(path.at(float(time)), (width, height), (width, height))
        for x, y in ((0, 0), (width, 0), (0, height), (width, height)):
            assert -0.5 <= a * x + b * y + c <= width + 0.5
            assert -0.5 <= d * x + e * y + f <= height + 0.5


@pytest.mark.parametrize(
    ("move", "way"),
    [("pan_left", (-1, 0)), ("pan_right", (1, 0)), ("tilt_up", (0, -1)), ("tilt_down", (0, 1)), ("static", (0, 0))],
)
def test_pans_and_tilts_move_the_picture_where_they_say(move: Move, way: tuple[int, int]) -> None:
    scene = Scene(240, 160, Path(move, 0.6, 1.5))
    canvas = scene.laid(blots((480, 320)))
    before, after = (np.asarray(scene.frame(canvas, time)) for time in (0.4, 0.6))
    right, down = shift(before, after)
    assert (np.sign(right), np.sign(down)) == way
    assert abs(right) + abs(down) > 4 or move == "static"


@pytest.mark.parametrize(("move", "larger"), [("zoom_in", 1), ("zoom_out", -1), ("dolly_in", 1), ("dolly_out", -1)])
def test_zooms_and_dollies_change_the_size(move: Move, larger: int) -> None:
    scene = Scene(200, 200, Path(move, 1.0, 1.0))
    disc = Image.fromarray((255 * (np.hypot(*np.mgrid[-100:100, -100:100]) < 40)).astype(np.uint8)).convert("RGB")
    canvas = scene.laid(disc)
    areas = [float(np.asarray(scene.frame(canvas, time)).mean()) for time in (0.0, 0.5, 1.0)]
    assert sorted(areas, reverse=larger < 0) == areas and max(areas) > 2 * min(areas)


@pytest.mark.parametrize(("move", "left"), [("roll_left", True), ("roll_right", False)])
def test_rolls_turn_the_picture(move: Move, left: bool) -> None:
    scene = Scene(200, 200, Path(move, 1.0, 1.0))
    bar = np.zeros((200, 200, 3), np.uint8)
    bar[95:105, 100:] = 255
    frame = np.asarray(scene.frame(scene.laid(Image.fromarray(bar)), 1.0))
    rows = np.argwhere(frame[:, 160:, 0] > 128)[:, 0]
    # Its right end goes up when it turns to the left.
    assert (rows.mean() < 90) if left else (rows.mean() > 110)


def test_what_changes_in_a_small_picture_changes_in_the_large_one_and_nothing_else() -> None:
    whole = blots((320, 200))
    small = whole.resize((64, 40))
    assert np.array_equal(np.asarray(changed(whole, small, small)), np.asarray(whole))
    brighter = Image.fromarray(np.asarray(small) // 2 + 100)
    assert np.asarray(changed(whole, small, brighter)).mean() > np.asarray(whole).mean()


def test_pictures_are_made_once_a_second_and_only_where_something_is_to_change() -> None:
    assert list(Reimagining(0.0, 12, 60).stretches()) == [(0, 60, None)]
    stretches = list(Reimagining(0.5, 12, 60).stretches())
    assert [k for _, _, k in stretches] == [1, 2, 3, 4, 5]
    assert [start for start, _, _ in stretches] + [60] == [0] + [stop for _, stop, _ in stretches]


def test_frames_have_the_size_asked_for_and_else_their_shape() -> None:
    native = (64, 64)
    assert frame_size({}, native) == (256, 256)
    assert frame_size({"width": 97, "height": 65}, native) == (97, 65)
    assert frame_size({"width": 160, "aspect_ratio": "16:9"}, native) == (160, 90)
    assert frame_size({}, native, (320, 200)) == (320, 200)
    width, height = frame_size({}, native, (6000, 4000))
    assert width * height <= 1.02 * 1280 * 720 and width / height == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize("native", [64, 512, 1024])
def test_the_sizes_that_forms_show_are_those_that_are_made(native: int) -> None:
    for shape in shapes(native):
        assert frame_size({"aspect_ratio": shape.name}, (native, native)) == (shape.width, shape.height)
