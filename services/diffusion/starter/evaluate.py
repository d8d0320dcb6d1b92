"""Measure a weights folder on fixed prompts and seeds, and draw a sheet of samples to look at.

    python -m services.diffusion.starter.evaluate --weights FOLDER --sheet sheet.png

Objects are recognised by their nearest neighbour among all concepts, each drawn as its prompt says (same backdrop, same
tint), at 16 x 16 pixels; backdrops by the nearest of the palette's colours at the corners. Compare figures of one
set of concepts only.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from services.diffusion.starter.autoencoder import encode, fidelity
from services.diffusion.starter.captions import plain_caption
from services.diffusion.starter.data import Composition, choose_composition, compose, examples
from services.diffusion.starter.denoiser import velocity_loss
from services.diffusion.starter.networks import Parts, build_schedule, load_parts
from services.diffusion.starter.scenes import COLOURS
from services.diffusion.starter.sprites import Sprite, load_sprites
from services.diffusion.starter.tokenizer import tokenize

SHEET_PROMPTS = (
    "a red apple on a blue background",
    "a cat on a yellow background",
    "a dog on the beach",
    "a rocket at night",
    "a blue butterfly in a meadow",
    "a pizza",
    "a penguin in the snow",
    "a sunflower on a pink background",
    "a green frog on a purple background",
    "a robot at sunset",
    "a birthday cake on a cyan background",
    "a red car on a gray background",
    "a sailboat on the beach",
    "a strawberry",
    "a panda on a green background",
    "a house in the snow",
    "an owl at night",
    "a fish underwater",
    "a crown on a black background",
    "a purple heart on a white background",
    "a hamburger on an orange background",
    "a snowman in the snow",
    "a guitar on a brown background",
    "a unicorn at sunset",
)
SHEET_SEED = 42
_PROMPT_SEED, _SAMPLE_SEED, _HELD_OUT_SEED = 123, 1000, 999_983  # none of them a training seed in use


@dataclass(frozen=True)
class Measured:
    """Shares are 0..1. ``top1``/``top5``: the prompt's object is the nearest, or among the five nearest, of
    ``concepts``. ``held_out_loss``: the denoiser's mean squared error on pictures drawn from a seed of their own."""

    prompts: int
    concepts: int
    steps: int
    guidance: float
    background: float
    top1: float
    top5: float
    held_out_loss: float
    fidelity_db: float


def sample(
    parts: Parts, prompts: Sequence[str], seeds: Sequence[int], steps: int, guidance: float
) -> list[Image.Image]:
    """One picture per prompt by DPM-Solver++ (2M), each from its own seed, so that batching changes nothing."""
    pipeline = parts.pipeline()
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    pictures: list[Image.Image] = []
    for at in range(0, len(prompts), 16):
        generators = [torch.Generator().manual_seed(seed) for seed in seeds[at : at + 16]]
        made = pipeline(
            list(prompts[at : at + 16]),
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=generators,
            return_dict=False,
        )
        pictures += made[0]
    return pictures


def _features(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(pixels).resize((16, 16), Image.Resampling.BOX)).astype(np.float32).ravel()


def rank_of_object(what: Composition, pixels: NDArray[np.uint8], sprites: Sequence[Sprite]) -> int:
    """How many concepts, drawn in the same scene, are nearer to the picture than the one asked for; 0 is right."""
    seen = _features(pixels)
    drawn = {other.name: compose(replace(what, sprite=other), len(pixels)) for other in sprites}
    distance = {name: float(np.linalg.norm(seen - _features(picture))) for name, picture in drawn.items()}
    return sum(other < distance[what.sprite.name] for other in distance.values())


def backdrop_is_right(what: Composition, pixels: NDArray[np.uint8]) -> bool:
    """Whether the mean of the corners is nearer to the colour asked for than to the palette's eleven others."""
    edge = max(1, len(pixels) // 20)
    rows = np.concatenate([pixels[:edge], pixels[-edge:]])
    mean = np.concatenate([rows[:, :edge], rows[:, -edge:]]).reshape(-1, 3).astype(np.float32).mean(0)
    return min(COLOURS, key=lambda name: float(np.linalg.norm(np.array(COLOURS[name], np.float32) - mean))) == (
        what.colour or "white"
    )


@torch.no_grad()
def held_out_loss(parts: Parts, sprites: Sequence[Sprite], count: int = 304) -> float:
    """Mean squared error of the velocity over ``count`` pictures, with evenly spread times and fixed noise."""
    drawn = list(examples(sprites, count, parts.resolution, _HELD_OUT_SEED))
    scale = float(parts.autoencoder.config["scaling_factor"])
    latents = encode(parts.autoencoder, np.stack([one.pixels for one in drawn]), torch.device("cpu")) * scale
    tokens = tokenize(parts.tokenizer, [one.captions[0] for one in drawn]).long()
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(_HELD_OUT_SEED))
    # The stride is prime to 1000, so that times do not go in step with the order of the concepts.
    times = (torch.arange(count) * 617) % 1000
    signal = build_schedule().alphas_cumprod
    text_encoder, unet = parts.text_encoder.eval(), parts.denoiser.eval()
    losses = [
        velocity_loss(text_encoder, unet, signal, *(tensor[at : at + 38] for tensor in (latents, tokens, times, noise)))
        for at in range(0, count, 38)
    ]
    return float(torch.cat(losses).mean())


def measure(parts: Parts, sprites: Sequence[Sprite], prompts: int, steps: int, guidance: float) -> Measured:
    """Draw ``prompts`` compositions from a fixed seed and judge what the model makes of their captions."""
    rng = random.Random(_PROMPT_SEED)
    asked = [choose_composition(rng.choice(list(sprites)), rng) for _ in range(prompts)]
    words = [plain_caption(one.sprite.name, one.tint, one.colour, one.scene) for one in asked]
    made = sample(parts, words, range(_SAMPLE_SEED, _SAMPLE_SEED + prompts), steps, guidance)
    pictures = [np.asarray(picture.convert("RGB")) for picture in made]
    ranks = np.array([rank_of_object(one, pixels, sprites) for one, pixels in zip(asked, pictures, strict=True)])
    plain = [backdrop_is_right(one, px) for one, px in zip(asked, pictures, strict=True) if one.scene is None]
    probe = np.stack([one.pixels for one in examples(sprites, 256, parts.resolution, _HELD_OUT_SEED)])
    return Measured(
        prompts=prompts,
        concepts=len(sprites),
        steps=steps,
        guidance=guidance,
        background=float(np.mean(plain)),
        top1=float((ranks < 1).mean()),
        top5=float((ranks < 5).mean()),
        held_out_loss=held_out_loss(parts, sprites),
        fidelity_db=fidelity(parts.autoencoder, probe, torch.device("cpu")),
    )


def sheet(pictures: Sequence[Image.Image], labels: Sequence[str], columns: int = 8, side: int = 128) -> Image.Image:
    """The pictures side by side, enlarged without smoothing over what they are, each over its label."""
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * side, rows * (side + 18)), "white")
    pen = ImageDraw.Draw(page)
    for index, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        left, top = index % columns * side, index // columns * (side + 18)
        page.paste(picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC), (left, top))
        short = label.removeprefix("a ").removeprefix("an ").replace(" background", "")
        pen.text((left + 2, top + side + 2), short[:21], fill="black")
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path(__file__).with_name("weights"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/starter"), help="folder for the emoji packages")
    parser.add_argument("--concepts", default="core", help="the concepts it was trained on (default: %(default)s)")
    parser.add_argument("--prompts", type=int, default=96, help="how many to judge by; 0 for none")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=7.0)
    parser.add_argument("--sheet", type=Path, help="write a sample sheet there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    parts = load_parts(arguments.weights)
    if arguments.sheet:
        seeds = range(SHEET_SEED, SHEET_SEED + len(SHEET_PROMPTS))
        pictures = sample(parts, SHEET_PROMPTS, seeds, arguments.steps, arguments.guidance)
        colours = sheet(pictures, SHEET_PROMPTS).quantize(192, dither=Image.Dither.FLOYDSTEINBERG)
        colours.save(arguments.sheet, optimize=True)
    if arguments.prompts:
        sprites = load_sprites(arguments.cache, arguments.concepts)
        measured = measure(parts, sprites, arguments.prompts, arguments.steps, arguments.guidance)
        print(json.dumps(asdict(measured), indent=2))


if __name__ == "__main__":
    main()
