"""The sampling loop on the real starter model: what plain diffusers makes, whatever shares the batch."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from services.diffusion.engine import Engine
from services.diffusion.faults import EngineFault, NotFinite
from services.diffusion.generation import Generation, Source, Stepped
from services.diffusion.samplers import SAMPLERS
from services.diffusion.settings import STARTER
from tests.unit.diffusion_rig import PATIENCE_S, Told, apple, begin, sample, starter


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    running = Engine(cores=2, batch=8)
    yield running
    running.close()


@pytest.fixture(scope="module")
def plain() -> Any:
    """StableDiffusionPipeline on the same weights."""
    from diffusers import StableDiffusionPipeline  # type: ignore[attr-defined]

    starter()
    pipeline = StableDiffusionPipeline.from_pretrained(STARTER, dtype=torch.float32, use_safetensors=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def test_a_picture_is_what_plain_diffusers_makes(engine: Engine, plain: Any) -> None:
    torch.set_num_threads(1)
    # LMS is held to second order here by an argument of its steps, which plain diffusers does not pass.
    for name in SAMPLERS.keys() - {"lms"}:
        plain.scheduler = SAMPLERS[name].build(starter().scheduler_config)
        theirs = plain(
            "a red apple on a blue background",
            num_inference_steps=3,
            guidance_scale=7.0,
            generator=[torch.Generator().manual_seed(42)],
        ).images[0]
        (ours,) = sample(engine, [apple(sampler=name, steps=3)])[0].images
        assert ours.tobytes() == theirs.tobytes(), name


def test_a_picture_that_begins_with_another_is_what_plain_diffusers_makes(engine: Engine) -> None:
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import StableDiffusionImg2ImgPipeline
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint import StableDiffusionInpaintPipeline

    torch.set_num_threads(1)
    (begun,) = sample(engine, [apple(seed=7)])[0].images
    mask = Image.new("L", begun.size)
    mask.paste(255, (16, 16, 48, 48))
    for made, masks in ((StableDiffusionImg2ImgPipeline, {}), (StableDiffusionInpaintPipeline, {"mask_image": mask})):
        pipeline: Any = made.from_pretrained(STARTER, dtype=torch.float32, use_safetensors=True)
        pipeline.set_progress_bar_config(disable=True)
        # Their inpainting also encodes the masked picture, which takes numbers from the generator that samplers with
        # noise of their own would get next.
        for name in SAMPLERS.keys() - {"lms"} - ({"euler_a", "dpmpp_2m_sde", "ddpm"} if masks else set()):
            pipeline.scheduler = SAMPLERS[name].build(starter().scheduler_config)
            theirs = pipeline(
                "a green tree",
                image=begun,
                strength=0.6,
                num_inference_steps=5,
                guidance_scale=7.0,
                generator=[torch.Generator().manual_seed(42)],
                **({**masks, "height": 64, "width": 64} if masks else {}),
            ).images[0]
            source = Source(begun, 0.6, mask if masks else None)
            (ours,) = sample(engine, [apple(prompt="a green tree", sampler=name, steps=5, source=source)])[0].images
            # Their autoencoder and ours run on other threads, which may round the last bit otherwise.
            difference = np.abs(np.asarray(ours, dtype=int) - np.asarray(theirs, dtype=int))
            assert difference.max() <= 1, (made.__name__, name)


def test_the_picture_shows_what_was_asked_for(engine: Engine) -> None:
    (image,) = sample(engine, [apple(steps=12)])[0].images
    pixels = np.asarray(image, dtype=float)
    corner, middle = pixels[:12, :12].mean((0, 1)), pixels[24:48, 24:48].mean((0, 1))
    assert corner[2] > corner[0] + 40, "a blue background"
    assert middle[0] > middle[2] + 40, "a red apple"


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_makes_a_sane_picture(engine: Engine, sampler: str) -> None:
    told = sample(engine, [apple(sampler=sampler, steps=12)])[0]
    assert told.error is None
    pixels = np.asarray(told.images[0], dtype=float)
    corner, middle = pixels[:12, :12].mean((0, 1)), pixels[24:48, 24:48].mean((0, 1))
    assert corner[2] > corner[0] + 40 and middle[0] > middle[2] + 40
    assert [s.step for s in told.steps] == list(range(1, 13))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_copes_with_very_few_steps(engine: Engine, sampler: str) -> None:
    for steps, told in enumerate(sample(engine, [apple(sampler=sampler, steps=steps) for steps in (1, 2)]), start=1):
        assert told.error is None
        assert len(told.images) == 1
        assert told.steps[-1].step == steps


def test_the_same_request_gives_the_same_pixels_in_any_company(engine: Engine) -> None:
    alone = sample(engine, [apple()])[0].pixels
    others = [
        apple(seed=1, sampler="euler", steps=3, prompt="a dog"),
        apple(seed=2, sampler="heun", steps=5, prompt="a rocket", cfg_scale=1.0),
        apple(seed=3, sampler="ddpm", steps=9, prompt="a crown in the snow", cfg_scale=2.5),
        apple(seed=4, sampler="euler_a", cfg_scale=0.0),
        apple(seed=5, negative_prompt="green"),
        apple(seed=6, sampler="unipc", count=3),
        apple(seed=7, sampler="ddim", steps=4),
    ]
    for company, place in ((others[:1], 1), (others[4:], 0), (others, 3)):
        told = sample(engine, [*company[:place], apple(), *company[place:]])
        assert told[place].pixels == alone, f"{len(company)} others, place {place}"


def test_company_is_sampled_exactly_as_alone_too(engine: Engine) -> None:
    generations = [
        apple(seed=11, sampler=sampler, steps=4 + k % 3, cfg_scale=(7.0, 1.0, 3.5)[k % 3])
        for k, sampler in enumerate(SAMPLERS)
    ]
    together = sample(engine, generations)
    alone = [sample(engine, [generation])[0] for generation in generations]
    assert [t.pixels for t in together] == [t.pixels for t in alone]


def test_batches_are_used_and_proven_exact(engine: Engine) -> None:
    sample(engine, [apple(seed=k) for k in range(8)])
    verdicts = starter().proof.verdicts
    assert verdicts and all(verdicts.values()), verdicts


def test_picture_k_of_a_request_is_the_first_of_seed_plus_k(engine: Engine) -> None:
    three = sample(engine, [apple(count=3)])[0]
    single = sample(engine, [apple(seed=44)])[0]
    assert three.pixels[2] == single.pixels[0]
    assert len(set(three.pixels)) == 3


def test_every_setting_matters(engine: Engine) -> None:
    changed: list[dict[str, object]] = [
        {},
        {"prompt": "a dog"},
        {"negative_prompt": "red"},
        {"steps": 7},
        {"cfg_scale": 4.0},
        {"seed": 43},
        {"sampler": "euler"},
    ]
    told = sample(engine, [apple(**change) for change in changed])
    assert len({t.pixels[0] for t in told}) == len(changed)


def test_without_guidance_the_negative_prompt_plays_no_part(engine: Engine) -> None:
    first, second = sample(engine, [apple(cfg_scale=1.0), apple(cfg_scale=1.0, negative_prompt="red")])
    assert first.pixels == second.pixels


def test_sizes_off_the_native_one_are_sampled_as_asked(engine: Engine) -> None:
    wide, tall = sample(engine, [apple(width=96, height=64, steps=3), apple(width=72, height=104, steps=3)])
    assert wide.images[0].size == (96, 64)
    assert tall.images[0].size == (72, 104)


def test_progress_counts_every_step_and_ends_at_one(engine: Engine) -> None:
    told = sample(engine, [apple(count=2)])[0]
    assert {(s.index, s.step) for s in told.steps} == {(i, s) for i in (0, 1) for s in range(1, 7)}
    fractions = [s.fraction for s in told.steps]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert told.steps[0].eta_s is None
    assert all(s.eta_s is not None and s.eta_s >= 0 for s in told.steps[2:])


def test_previews_show_the_coming_picture_in_a_few_kilobytes(engine: Engine) -> None:
    told = sample(engine, [apple(steps=12, preview_every=3)])[0]
    assert [p.step for p in told.previews] == [3, 6, 9]
    result = np.asarray(told.images[0].resize((16, 16), Image.Resampling.BOX), dtype=float)
    for preview in told.previews:
        assert len(preview.image) <= 8 * 1024
        image = Image.open(io.BytesIO(preview.image))
        assert image.format == "WEBP" and image.size == (64, 64)
    last = Image.open(io.BytesIO(told.previews[-1].image)).convert("RGB").resize((16, 16), Image.Resampling.BOX)
    assert np.corrcoef(np.asarray(last, dtype=float).ravel(), result.ravel())[0, 1] > 0.8


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_previews_work_with_every_sampler(engine: Engine, sampler: str) -> None:
    told = sample(engine, [apple(sampler=sampler, steps=8, cfg_scale=3.0, preview_every=7)])[0]
    assert [p.step for p in told.previews] == [7]
    result = np.asarray(told.images[0].resize((16, 16), Image.Resampling.BOX), dtype=float)
    shown = Image.open(io.BytesIO(told.previews[0].image)).convert("RGB").resize((16, 16), Image.Resampling.BOX)
    assert np.corrcoef(np.asarray(shown, dtype=float).ravel(), result.ravel())[0, 1] > 0.7


def test_a_cancelled_request_stops_within_a_step_and_the_others_go_on(engine: Engine) -> None:
    sampling, cancelled = begin(engine, apple(steps=100, count=4))
    cancelled.hook = lambda h: sampling.cancel() if isinstance(h, Stepped) and h.step == 2 else None
    _, other = begin(engine, apple())
    assert cancelled.over.wait(PATIENCE_S) and other.over.wait(PATIENCE_S)
    assert cancelled.error is None and cancelled.images == []
    assert max(s.step for s in cancelled.steps) == 2
    assert other.pixels == sample(engine, [apple()])[0].pixels


def test_a_request_of_many_pictures_does_not_keep_others_waiting(engine: Engine) -> None:
    _, big = begin(engine, apple(count=16, steps=8))
    small = sample(engine, [apple(steps=2)])[0]
    assert small.images and not big.over.is_set()
    assert big.over.wait(PATIENCE_S) and len(big.images) == 16


def test_what_one_request_breaks_is_its_own(engine: Engine) -> None:
    bad = Generation(**{**apple().__dict__, "sampler": "no such sampler"})
    broken, fine = sample(engine, [bad, apple()])
    assert isinstance(broken.error, EngineFault) and broken.error.retryable
    assert fine.error is None and fine.images


def test_numbers_that_overflow_are_said_so(engine: Engine) -> None:
    told = sample(engine, [apple(cfg_scale=float("inf")), apple()])
    assert isinstance(told[0].error, NotFinite) and "CFG scale" in told[0].error.hint
    assert told[1].error is None


def test_closing_ends_what_is_under_way() -> None:
    own = Engine(cores=1)
    _, told = begin(own, apple(steps=150))
    own.close()
    assert told.over.is_set() and isinstance(told, Told)
