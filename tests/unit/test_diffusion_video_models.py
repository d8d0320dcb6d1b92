"""Models that make frames themselves: each kind is loaded from its folder, films, and stops within a step."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.diffusion.engine import Engine
from services.diffusion.faults import CannotSample
from services.diffusion.generation import Filmed, Generation, Source, Stepped
from services.diffusion.video.model import VideoModel, Window
from tests.unit import video_folders
from tests.unit.diffusion_rig import PATIENCE_S, Told, apple, loaded_of_any_kind

WORDS = [video_folders.animatediff, video_folders.wan, video_folders.ltx]
PICTURE = [video_folders.svd, video_folders.wan_image, video_folders.ltx_image]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    running = Engine(cores=2)
    yield running
    running.close()


def model_of(made: Callable[[Path], Path], folder: Path) -> VideoModel:
    model = loaded_of_any_kind(made(folder))
    assert isinstance(model, VideoModel)
    return model


def film(engine: Engine, model: VideoModel, generation: Generation, wanted: int = 5, **hooks: Any) -> Told:
    """Films a window and waits for its end."""
    told = Told(**hooks)
    engine.film(model, generation, Window(model.window(wanted), 8, 0.5), told)
    assert told.over.wait(PATIENCE_S)
    return told


def frames(told: Told) -> list[bytes]:
    (filmed,) = (h for h in told.happenings if isinstance(h, Filmed))
    return [frame.tobytes() for frame in filmed.frames]


def asked(model: VideoModel, **changes: Any) -> Generation:
    begun = Source(Image.new("RGB", (64, 64), "orange"), 1.0) if model.takes_picture else None
    return replace(apple(steps=3, sampler="ddim", source=begun), **changes)


@pytest.mark.parametrize("made", [*WORDS, *PICTURE])
def test_every_kind_films_step_by_step_and_the_same_again(
    engine: Engine, tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    model = model_of(made, tmp_path)
    assert model.takes_picture == (made in PICTURE)
    first = film(engine, model, asked(model))
    assert first.error is None
    assert len(frames(first)) == model.window(5) and len(frames(first)[0]) == 64 * 64 * 3
    assert [step.step for step in first.steps][-1] == 3 and first.steps[-1].fraction == 1.0
    assert frames(film(engine, model, asked(model))) == frames(first)
    assert frames(film(engine, model, asked(model, seed=43))) != frames(first)


@pytest.mark.parametrize("made", [video_folders.animatediff, video_folders.svd])
def test_a_film_stops_within_a_step(engine: Engine, tmp_path: Path, made: Callable[[Path], Path]) -> None:
    model = model_of(made, tmp_path)
    told = Told()
    sampling = engine.film(model, asked(model, steps=50), Window(model.window(4), 8, 0.5), told)
    told.hook = lambda h: sampling.cancel() if isinstance(h, Stepped) and h.step == 2 else None
    assert told.over.wait(PATIENCE_S)
    assert told.error is None and not any(isinstance(h, Filmed) for h in told.happenings)
    assert max(step.step for step in told.steps) <= 3


def test_a_model_that_begins_with_a_picture_says_so(engine: Engine, tmp_path: Path) -> None:
    model = model_of(video_folders.svd, tmp_path)
    told = film(engine, model, asked(model, source=None))
    assert isinstance(told.error, CannotSample) and "image-to-video" in str(told.error)


@pytest.mark.parametrize(
    ("made", "wanted", "window"),
    [
        (video_folders.animatediff, 12, 12),
        (video_folders.animatediff, 40, 16),
        (video_folders.svd, 40, 4),
        (video_folders.wan, 12, 13),
        (video_folders.wan, 400, 81),
        (video_folders.ltx, 12, 17),
    ],
)
def test_windows_have_as_many_frames_as_the_model_can_make(
    tmp_path: Path, made: Callable[[Path], Path], wanted: int, window: int
) -> None:
    assert model_of(made, tmp_path).window(wanted) == window
