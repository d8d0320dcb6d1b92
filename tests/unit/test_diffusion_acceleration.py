"""What makes models quicker: that it is in force, what it leaves as it was, and that it is told."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from services.diffusion.acceleration import Acceleration, Compiled
from services.diffusion.engine import Engine
from services.diffusion.generation import Filmed, Happening, Stepped
from services.diffusion.model import Model
from services.diffusion.provenance import settings_of
from services.diffusion.pulse import Pulse
from services.diffusion.settings import STARTER
from services.diffusion.video.model import VideoModel, Window
from tests.unit import video_folders
from tests.unit.diffusion_rig import PATIENCE_S, Told, apple, loaded, loaded_of_any_kind, sample, starter
from tests.unit.lora_files import with_loras


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    running = Engine(cores=2, batch=8)
    yield running
    running.close()


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are traced as for compiling, and the traces run as they are: a C++ compiler takes minutes over them."""
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()


def accelerated(**asked: Any) -> Model:
    model = loaded_of_any_kind(STARTER, Acceleration(**asked))
    assert isinstance(model, Model)
    return model


def test_a_compiled_model_makes_the_same_pictures_also_beside_loras(engine: Engine, traced: None) -> None:
    model = accelerated(compile=True)
    asked = [apple(steps=3), with_loras(apple(steps=3), ("sepia", 1.0)), apple(steps=2, seed=7)]
    together = [told.pixels for told in sample(engine, asked, model)]
    assert together == [told.pixels for told in sample(engine, asked, starter())]
    assert isinstance(model.denoiser, Compiled) and model.denoiser._seen
    assert not torch._dynamo.utils.counters["graph_break"], "one graph, whatever hangs on the blocks"
    assert model.card.accelerated == ("compiled",)
    # Of what was in company, each is what it is alone.
    assert together == [sample(engine, [one], model)[0].pixels for one in asked]


def test_compiling_is_no_hang() -> None:
    pulse, seen = Pulse(), list[bool]()

    def slow(*arguments: Any, **others: Any) -> None:
        before = pulse.at
        time.sleep(0.02)
        seen.append(pulse.at > before)

    compiled = Compiled(slow, pulse)
    compiled._call = slow
    tensors = {"encoder_hidden_states": torch.zeros(2, 77, 8)}
    compiled(torch.zeros(2, 4, 16, 16), **tensors)
    compiled(torch.zeros(2, 4, 16, 16), **tensors)
    compiled(torch.zeros(4, 4, 16, 16), **tensors)
    # A new shape is compiled by a call of its own; of a hang in a known one nobody is to be kept in the dark.
    assert seen == [True, False, False, True, False]


def test_channels_last_rounds_a_little(engine: Engine) -> None:
    model = accelerated(channels_last=True)
    assert model.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    ours, plain = (np.asarray(sample(engine, [apple(steps=4)], one)[0].images[0], int) for one in (model, starter()))
    assert np.abs(ours - plain).max() <= 2
    settings = settings_of("diffusion.text_to_image", apple(), 0, model.card, (64, 64))
    assert settings["accelerated"] == ["channels last"]
    assert "accelerated" not in settings_of("diffusion.text_to_image", apple(), 0, starter().card, (64, 64))


def film(engine: Engine, model: VideoModel, *, until: int = 99) -> list[bytes]:
    """The frames of a window; none if it is broken off after the step `until`."""
    told = Told()
    sampling = engine.film(model, apple(steps=6), Window(model.window(5), 8, 0.5), told)

    def break_off(happening: Happening) -> None:
        if isinstance(happening, Stepped) and happening.step >= until:
            sampling.cancel()

    told.hook = break_off
    assert told.over.wait(PATIENCE_S) and told.error is None
    return [frame.tobytes() for one in told.happenings if isinstance(one, Filmed) for frame in one.frames]


def test_the_block_cache_leaves_blocks_out_and_forgets_broken_runs(engine: Engine, tmp_path: Path) -> None:
    folder = video_folders.ltx(tmp_path, layers=3)
    plain, cached = loaded_of_any_kind(folder), loaded_of_any_kind(folder, Acceleration(block_cache=0.9))
    assert isinstance(plain, VideoModel) and isinstance(cached, VideoModel)
    assert cached.card.accelerated == ("block cache 0.9",) and plain.card.accelerated == ()
    computed = {"plain": 0, "cached": 0}

    def count(name: str) -> Any:
        def counted(*_: Any) -> None:
            computed[name] += 1

        return counted

    for name, model in (("plain", plain), ("cached", cached)):
        # What a block consists of is computed only if the block is.
        model.pipeline.transformer.transformer_blocks[1].ff.register_forward_hook(count(name))
    film(engine, plain)
    made = film(engine, cached)
    assert 0 < computed["cached"] < computed["plain"]
    assert made and film(engine, cached) == made
    assert not film(engine, cached, until=2)
    assert film(engine, cached) == made


def test_what_cannot_be_accelerated_so_is_left_alone(tmp_path: Path) -> None:
    assert loaded(STARTER).card.accelerated == ()
    model = loaded_of_any_kind(video_folders.animatediff(tmp_path), Acceleration(block_cache=0.1))
    assert model.card.accelerated == ()
