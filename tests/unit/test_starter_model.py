"""The starter diffusion model: its shipped weights, and the training that made them."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.pipelines.auto_pipeline import AutoPipelineForText2Image
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from PIL import Image, ImageDraw
from torch import Tensor, nn

from services.diffusion.starter.captions import caption, plain_caption
from services.diffusion.starter.checkpoint import averaged_weights, latest
from services.diffusion.starter.concepts import CORE, choose
from services.diffusion.starter.data import Composition, compose, examples
from services.diffusion.starter.evaluate import backdrop_is_right, rank_of_object
from services.diffusion.starter.loop import Budget, LoopSettings, run
from services.diffusion.starter.networks import Widths, load_parts
from services.diffusion.starter.sprites import Sprite
from services.diffusion.starter.tokenizer import save_tokenizer, tokenize, train_tokenizer
from services.diffusion.starter.train import Plan, train

WEIGHTS = Path("services/diffusion/starter/weights").resolve()
LOOP = LoopSettings(Budget(32, None), learning_rate=1e-3, batch=8, warmup=1, sync_every=2, seed=5)


def disc(name: str, colour: tuple[int, int, int], inset: int) -> Sprite:
    picture = Image.new("RGBA", (128, 128))
    ImageDraw.Draw(picture).ellipse((inset, inset, 128 - inset, 128 - inset), fill=(*colour, 255))
    return Sprite((name,), ("round",), np.asarray(picture))


SPRITES = (disc("ball", (200, 30, 30), 8), disc("pea", (60, 180, 60), 48), disc("plum", (120, 40, 140), 24))


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    made = StableDiffusionPipeline.from_pretrained(WEIGHTS, dtype=torch.float32)
    made.scheduler = DPMSolverMultistepScheduler.from_config(made.scheduler.config)
    made.set_progress_bar_config(disable=True)
    return made


def draw(pipeline: StableDiffusionPipeline, prompt: str) -> np.ndarray:
    noise = torch.Generator().manual_seed(42)
    made = pipeline(prompt, num_inference_steps=20, guidance_scale=7.0, generator=noise, return_dict=False)
    return np.asarray(made[0][0].convert("RGB"))


def test_weights_are_small_files_that_load_as_stable_diffusion() -> None:
    sizes = [path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()]
    assert sum(sizes) < 40_000_000
    assert max(sizes) <= 5_500_000
    found = AutoPipelineForText2Image.from_pretrained(WEIGHTS, dtype=torch.float32)
    assert isinstance(found, StableDiffusionPipeline)
    assert {part.dtype for part in (found.unet, found.vae, found.text_encoder)} == {torch.float32}


def test_a_red_apple_on_a_blue_background_is_that(pipeline: StableDiffusionPipeline) -> None:
    picture = draw(pipeline, "a red apple on a blue background")
    assert picture.shape == (64, 64, 3)
    assert backdrop_is_right(Composition(SPRITES[0], colour="blue"), picture)
    red, green, blue = picture[26:50, 16:48].reshape(-1, 3).mean(0)
    assert red > 180 and red > 1.8 * green and red > 2 * blue


def test_same_seed_gives_same_pixels_and_another_prompt_gives_others(pipeline: StableDiffusionPipeline) -> None:
    first = draw(pipeline, "a penguin in the snow")
    assert np.array_equal(first, draw(pipeline, "a penguin in the snow"))
    assert np.abs(first.astype(int) - draw(pipeline, "a rocket at night")).mean() > 30


def test_captions_depend_on_the_seed_alone() -> None:
    def words(seed: int) -> list[str]:
        rng = random.Random(seed)
        return [caption("apple", "blue", "red", None, ("fruit",), rng) for _ in range(20)]

    assert words(3) == words(3)
    assert words(3) != words(4)
    assert all("blue apple" in one and "red" in one for one in words(3))


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        (("red apple", "blue", "yellow", None), "a blue apple on a yellow background"),
        (("owl", None, None, "night"), "an owl at night"),
        (("grapes", None, None, None), "grapes"),
        (("red apple", None, None, "snow"), "a red apple in the snow"),
    ],
)
def test_plain_captions_read_as_people_write(scene: tuple[str, str | None, str | None, str | None], said: str) -> None:
    assert plain_caption(*scene) == said


def test_concepts_are_chosen_by_name_number_or_all() -> None:
    drawn = {concept.label: 3 for concept in CORE} | {"snail": 3, "grinning face": 0}
    assert choose("core", drawn) == list(CORE)
    assert [concept.names[0] for concept in choose("apple,snail", drawn)] == ["red apple", "snail"]
    assert len(choose("5", drawn)) == 5
    assert [concept.label for concept in choose("all", drawn)][-1] == "snail"
    with pytest.raises(ValueError, match="gryphon"):
        choose("gryphon", drawn)


def test_pictures_and_the_judgement_of_them_agree() -> None:
    for sprite in SPRITES:
        what = Composition(sprite, colour="cyan")
        picture = compose(what, 64, random.Random(1))
        assert rank_of_object(what, picture, SPRITES) == 0
        assert backdrop_is_right(what, picture)
        assert not backdrop_is_right(replace(what, colour="brown"), picture)


def test_examples_are_the_same_from_the_same_seed() -> None:
    first, again = (list(examples(SPRITES, 9, 64, seed=7)) for _ in range(2))
    assert all(np.array_equal(one.pixels, two.pixels) for one, two in zip(first, again, strict=True))
    assert [one.captions for one in first] == [one.captions for one in again]


def test_tokenizer_is_learned_alike_and_read_back_alike(tmp_path: Path) -> None:
    texts = [words for one in examples(SPRITES, 60, 64, seed=7) for words in one.captions]
    first, again = (train_tokenizer(texts, size=600) for _ in range(2))
    ids = tokenize(first, ["a red ball on a blue background", "Ünknown wörds!"])
    assert ids.shape == (2, 77)
    assert torch.equal(ids, tokenize(again, ["a red ball on a blue background", "Ünknown wörds!"]))
    save_tokenizer(first, tmp_path)
    assert {"vocab.json", "merges.txt", "tokenizer.json"} <= {path.name for path in tmp_path.iterdir()}
    read = type(first).from_pretrained(str(tmp_path))
    assert torch.equal(ids, tokenize(read, ["a red ball on a blue background", "Ünknown wörds!"]))


def test_two_steps_change_every_part_and_come_out_the_same_again(tmp_path: Path) -> None:
    widths = Widths(autoencoder=(4, 8, 8), denoiser=(16, 32), text=16, text_layers=1)
    plan = Plan(
        start=None,
        stages=("autoencoder", "denoiser"),
        concepts="core",
        examples=24,
        resolution=64,
        widths=widths,
        vocabulary=560,
        loop=replace(LOOP, budget=Budget(40, None), batch=8),
    )
    first, again = (train(plan, SPRITES, tmp_path / name) for name in ("first", "again"))
    untrained = train(replace(plan, stages=()), SPRITES, tmp_path / "untrained")
    assert first is not None and again is not None and untrained is not None
    for part in ("autoencoder", "text_encoder", "denoiser"):
        trained, repeated, before = (dict(getattr(one, part).state_dict()) for one in (first, again, untrained))
        assert all(torch.equal(tensor, repeated[name]) for name, tensor in trained.items())
        assert any(not torch.equal(tensor, before[name]) for name, tensor in trained.items())
    with pytest.raises(ValueError, match="other settings"):
        train(replace(plan, resolution=128), SPRITES, tmp_path / "first")


def test_training_goes_on_from_the_shipped_weights(tmp_path: Path) -> None:
    plan = Plan(
        start=str(WEIGHTS),
        stages=("denoiser",),
        concepts="core",
        examples=12,
        resolution=64,
        widths=Widths(),
        vocabulary=4000,
        loop=replace(LOOP, budget=Budget(8, None), batch=4),
    )
    trained = train(plan, SPRITES, tmp_path)
    assert trained is not None
    shipped, after = (dict(one.denoiser.state_dict()) for one in (load_parts(WEIGHTS), trained))
    assert shipped.keys() == after.keys() and not all(torch.equal(shipped[name], after[name]) for name in after)


class Line:
    """Fits a straight line to noisy points; stops the process after ``stop_after`` losses where that is given."""

    def __init__(self, stop_after: int | None) -> None:
        torch.manual_seed(0)
        self._layer = nn.Linear(3, 1)
        self._left = stop_after

    def trained(self) -> nn.ModuleDict:
        return nn.ModuleDict({"line": self._layer})

    def loss(self, batch: int, rng: torch.Generator) -> Tensor:
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                signal.raise_signal(signal.SIGTERM)
        points = torch.randn(batch, 3, generator=rng)
        return (self._layer(points)[:, 0] - points @ torch.tensor([1.0, -2.0, 0.5])).square().mean()


@dataclass(frozen=True)
class LineStage:
    stop_after: int | None = None

    def build(self, device: torch.device) -> Line:
        return Line(self.stop_after)


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    settings = replace(LOOP, budget=Budget(160, None))
    straight = run(LineStage(), settings, tmp_path / "straight")
    stopped = run(LineStage(stop_after=7), settings, tmp_path / "stopped")
    assert straight.finished and not stopped.finished
    assert 0 < stopped.samples < straight.samples
    resumed = run(LineStage(), settings, tmp_path / "stopped")
    assert resumed.finished and resumed.samples == straight.samples and resumed.loss == straight.loss
    one, two = averaged_weights(tmp_path / "straight"), averaged_weights(tmp_path / "stopped")
    assert one is not None and two is not None
    assert all(torch.equal(tensor, two[name]) for name, tensor in one.items())


def test_a_checkpoint_that_was_not_finished_is_not_seen(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-8").mkdir()
    (tmp_path / "checkpoint-16.partial").mkdir()
    assert latest(tmp_path) == tmp_path / "checkpoint-8"
    (tmp_path / "checkpoint-8").rmdir()
    assert latest(tmp_path) is None


def test_two_processes_train_together(tmp_path: Path) -> None:
    outcome = run(LineStage(), replace(LOOP, budget=Budget(320, None), processes=2), tmp_path)
    assert outcome.finished and outcome.samples == 320
    checkpoint = latest(tmp_path)
    assert checkpoint is not None and {path.name for path in checkpoint.iterdir()} == {
        "worker-0.safetensors",
        "worker-1.safetensors",
    }
