"""Folders of other architectures than the starter model's: what diffusers reads, the service samples."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
from PIL import Image

from services.diffusion.engine import Engine
from services.diffusion.faults import CannotSample
from services.diffusion.foreign import ForeignModel
from services.diffusion.generation import Source, Stepped
from services.diffusion.model import Model
from services.diffusion.samplers import SAMPLERS
from tests.unit.diffusion_folders import lcm, sd3, sdxl
from tests.unit.diffusion_rig import PATIENCE_S, apple, begin, loaded, sample


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    running = Engine(cores=2)
    yield running
    running.close()


def test_sdxl_runs_through_our_own_loop_as_diffusers_samples_it(engine: Engine, tmp_path: Path) -> None:
    model = loaded(sdxl(tmp_path))
    assert isinstance(model, Model)
    assert (model.card.native_width, model.card.multiple) == (64, 4)
    pipeline: Any = StableDiffusionXLPipeline.from_pretrained(tmp_path, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = SAMPLERS["euler"].build(model.scheduler_config)
    torch.set_num_threads(1)
    for words, width in (({}, 64), ({"negative_prompt": "green"}, 96)):
        (theirs,) = pipeline(
            apple().prompt,
            num_inference_steps=3,
            guidance_scale=7.0,
            width=width,
            height=64,
            generator=torch.Generator().manual_seed(42),
            return_dict=False,
            **words,
        )[0]
        asked = apple(sampler="euler", steps=3, width=width, **words)
        together = sample(engine, [asked, apple(sampler="ddim", steps=2, seed=1), asked], model)
        assert together[0].pixels == together[2].pixels == [theirs.tobytes()]


@pytest.mark.parametrize("made", [lcm, sd3])
def test_pipelines_with_a_loop_of_their_own_run_through_diffusers(
    engine: Engine, tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    model = loaded(made(tmp_path))
    assert isinstance(model, ForeignModel)
    assert (model.card.native_width, model.card.native_height) == (64, 64)
    first, again, other = sample(engine, [apple(count=2), apple(count=2), apple(seed=43, cfg_scale=2.0)], model)
    assert first.error is None and first.pixels == again.pixels and len(set(first.pixels)) == 2
    assert other.pixels[0] not in first.pixels
    assert [step.step for step in first.steps] == [1, 2, 3, 4, 5, 6] * 2
    assert first.steps[-1].fraction == 1.0


@pytest.mark.parametrize("made", [lcm, sd3])
def test_they_begin_with_a_picture_or_say_that_they_cannot(
    engine: Engine, tmp_path: Path, made: Callable[[Path], Path]
) -> None:
    model = loaded(made(tmp_path))
    (begun,) = sample(engine, [apple(seed=7)], model)[0].images
    (again,) = sample(engine, [apple(source=Source(begun, 0.5))], model)
    assert again.error is None and again.images[0].size == begun.size and again.pixels != [begun.tobytes()]
    assert again.steps[-1].step == again.steps[-1].steps and again.steps[-1].fraction == 1.0
    if made is lcm:
        masked = Source(begun, 0.5, Image.new("L", begun.size, "white"))
        (refused,) = sample(engine, [apple(source=masked)], model)
        assert isinstance(refused.error, CannotSample) and refused.error.field == "model"


def test_a_pipeline_of_its_own_loop_stops_within_a_step_too(engine: Engine, tmp_path: Path) -> None:
    model = loaded(sd3(tmp_path))
    sampling, told = begin(engine, apple(steps=50, count=2), model)
    told.hook = lambda h: sampling.cancel() if isinstance(h, Stepped) and h.step == 2 else None
    assert told.over.wait(PATIENCE_S)
    assert told.error is None and told.images == []
    assert max(step.step for step in told.steps) == 2
