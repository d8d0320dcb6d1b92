"""Train the starter diffusion model: draw the data, train the autoencoder, the denoiser and the decoder, write weights.

Two CPU cores, improving the weights that are there:
    python -m services.diffusion.starter.train --run RUN --start services/diffusion/starter/weights --minutes 60 \\
        --processes 2
A GPU, from nothing, every drawing, 128 px:
    python -m services.diffusion.starter.train --run RUN --device cuda --concepts all --resolution 128 \\
        --examples 60000 --batch 256 --samples 6000000 --learning-rate 1e-3

The same command again goes on where it stopped; SIGTERM or Ctrl-C stops it within seconds and loses nothing. With
--samples the result depends on the seed (and the machine's arithmetic) alone; with --minutes on the clock as well.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from services.diffusion.starter.autoencoder import AutoencoderStage, encode, fidelity, normalise
from services.diffusion.starter.data import CAPTIONS_EACH, examples
from services.diffusion.starter.denoiser import DenoiserStage
from services.diffusion.starter.export import assemble, write_folder
from services.diffusion.starter.loop import Budget, LoopSettings, Stage, pick_dtype, run
from services.diffusion.starter.networks import (
    Parts,
    Widths,
    build_autoencoder,
    build_denoiser,
    build_text_encoder,
    load_parts,
)
from services.diffusion.starter.sprites import Sprite, load_sprites
from services.diffusion.starter.tokenizer import MAX_TOKENS, tokenize, train_tokenizer

STAGES = ("autoencoder", "denoiser", "decoder")
# The autoencoder sees whole pictures, not latents: fewer fill a process, and its convolutions bear larger steps.
_SHARE = {"autoencoder": 0.25, "denoiser": 0.62, "decoder": 0.13}  # of the budget, when all three run
_PEAK = {"autoencoder": 2e-3, "decoder": 1e-3}


@dataclass(frozen=True)
class Plan:
    """Everything that determines the result. A run keeps its own; going on with another is refused."""

    start: str | None
    stages: tuple[str, ...]
    concepts: str
    examples: int
    resolution: int
    widths: Widths
    vocabulary: int
    loop: LoopSettings


@dataclass(frozen=True)
class Drawn:
    """The training pictures: uint8 (n, size, size, 3), memory-mapped, and their captions."""

    pixels_file: Path
    captions: tuple[tuple[str, ...], ...]

    @property
    def pixels(self) -> NDArray[np.uint8]:
        return np.load(self.pixels_file, mmap_mode="r")


def draw(plan: Plan, sprites: Sequence[Sprite], run_folder: Path) -> Drawn:
    """Draw the examples, once per run."""
    pixels_file, captions_file = run_folder / "pixels.npy", run_folder / "captions.json"
    if not captions_file.is_file():
        size = plan.resolution
        pixels = np.lib.format.open_memmap(pixels_file, "w+", np.uint8, (plan.examples, size, size, 3))
        captions: list[tuple[str, ...]] = []
        for index, example in enumerate(examples(sprites, plan.examples, size, plan.loop.seed)):
            pixels[index] = example.pixels
            captions.append(example.captions)
        pixels.flush()
        captions_file.write_text(json.dumps(captions))
    return Drawn(pixels_file, tuple(map(tuple, json.loads(captions_file.read_text()))))


def first_parts(plan: Plan, drawn: Drawn) -> Parts:
    """The parts that training begins with: those of the start folder, or new ones from the seed.

    Raises ValueError where the start folder draws at another size than the plan.
    """
    if plan.start is not None:
        parts = load_parts(Path(plan.start))
        if parts.resolution != plan.resolution:
            raise ValueError(f"{plan.start} draws at {parts.resolution} px, not {plan.resolution}")
        return parts
    tokenizer = train_tokenizer((words for captions in drawn.captions for words in captions), plan.vocabulary)
    torch.manual_seed(plan.loop.seed)
    return Parts(
        build_autoencoder(plan.resolution, plan.widths),
        build_text_encoder(tokenizer, plan.widths),
        build_denoiser(plan.widths),
        tokenizer,
    )


def write_latents(parts: Parts, drawn: Drawn, device: torch.device, file: Path) -> None:
    """What the denoiser is trained on: scaled latents, tokens of all captions, and of the empty one."""
    latents = encode(parts.autoencoder, drawn.pixels, device) * float(parts.autoencoder.config["scaling_factor"])
    tokens = tokenize(parts.tokenizer, [words for captions in drawn.captions for words in captions])
    save_file(
        {
            "latents": latents.half().contiguous(),
            "tokens": tokens.view(len(latents), CAPTIONS_EACH, MAX_TOKENS),
            "empty": tokenize(parts.tokenizer, [""])[0],
        },
        file,
    )


def stage_settings(plan: Plan, stage: str) -> LoopSettings:
    """The stage's share of the budget and its learning rate."""
    share = _SHARE[stage] / sum(_SHARE[name] for name in plan.stages)
    whole = plan.loop.budget
    samples = round(whole.samples * share) if whole.samples else None
    budget = Budget(samples, whole.minutes * share if whole.minutes else None)
    if stage == "denoiser":
        return replace(plan.loop, budget=budget)
    batch, peak = max(1, plan.loop.batch // 2), _PEAK[stage]
    return replace(plan.loop, budget=budget, batch=batch, learning_rate=peak, weight_decay=0.0, sync_every=4)


def train(plan: Plan, sprites: Sequence[Sprite], run_folder: Path) -> Parts | None:
    """Run the plan's stages, or go on with them, in ``run_folder``; None when a signal stopped it before the end.

    Raises ValueError where the folder holds a run by another plan.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    plan_file, wanted = run_folder / "plan.json", json.dumps(asdict(plan), indent=2)
    if plan_file.is_file() and plan_file.read_text() != wanted:
        raise ValueError(f"{run_folder} holds a run with other settings (see {plan_file.name}); choose another folder")
    plan_file.write_text(wanted)
    device = torch.device(plan.loop.device)
    torch.set_num_threads(plan.loop.threads)
    drawn = draw(plan, sprites, run_folder)
    parts_folder, latents_file = run_folder / "parts", run_folder / "latents.safetensors"
    if not parts_folder.is_dir():
        write_folder(first_parts(plan, drawn), parts_folder, torch.float32)

    for name in plan.stages:
        folder = run_folder / name
        if (folder / "done").is_file():
            continue
        if name == "denoiser":
            if not latents_file.is_file():
                write_latents(load_parts(parts_folder), drawn, device, latents_file)
            stage: Stage = DenoiserStage(parts_folder, latents_file)
        else:
            stage = AutoencoderStage(parts_folder / "vae", drawn.pixels_file, decoder_only=name == "decoder")
        outcome = run(stage, stage_settings(plan, name), folder)
        print(json.dumps({"stage": name, **asdict(outcome)}), flush=True)
        if not outcome.finished:
            return None
        parts = assemble(run_folder)
        if name == "autoencoder":
            normalise(parts.autoencoder, encode(parts.autoencoder, drawn.pixels[:2048], device))
        if name != "denoiser":
            print(f"fidelity {fidelity(parts.autoencoder, drawn.pixels[:256], device):.2f} dB", flush=True)
        write_folder(parts, parts_folder, torch.float32)
        (folder / "done").touch()
        for checkpoint in folder.glob("checkpoint-*"):
            shutil.rmtree(checkpoint)
    return load_parts(parts_folder)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--run", type=Path, required=True, help="folder of the run: data, checkpoints, logs")
    add("--out", type=Path, help="where to write the finished weights (default: RUN/weights)")
    add(
        "--cache",
        type=Path,
        default=Path(".cache/starter"),
        help="folder for the emoji packages (default: %(default)s)",
    )
    add("--start", help="a weights folder to start from; without it training starts from nothing")
    add("--stages", help="some of autoencoder,denoiser,decoder (default: all; with --start, not the autoencoder)")
    add("--concepts", default="core", help="core, all, a number, or names by commas (default: %(default)s)")
    add("--examples", type=int, default=16000, help="pictures to draw (default: %(default)s)")
    add("--resolution", type=int, default=64, help="pixels on a side: 64, 128, 256 (default: %(default)s)")
    add("--minutes", type=float, help="training time for all stages together")
    add("--samples", type=int, help="examples to train on, all stages together")
    add("--learning-rate", type=float, default=7e-4, help="the denoiser's peak (default: %(default)s)")
    add("--batch", type=int, default=16, help="per process and step (default: %(default)s)")
    add("--processes", type=int, default=1, help="one per core or GPU (default: %(default)s)")
    add("--threads", type=int, default=1, help="per process (default: %(default)s)")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu, cuda (default: %(default)s)")
    add("--dtype", choices=("auto", "float32", "bfloat16"), default="auto", help="of the arithmetic")
    add("--autoencoder-widths", type=_numbers, default=Widths.autoencoder, help="channels, by commas")
    add("--denoiser-widths", type=_numbers, default=Widths.denoiser, help="channels, by commas")
    add("--text-width", type=int, default=Widths.text, help="of the text states (default: %(default)s)")
    add("--vocabulary", type=int, default=4000, help="pieces of the tokenizer (default: %(default)s)")
    add("--seed", type=int, default=0)
    return parser


def plan_of(arguments: argparse.Namespace) -> Plan:
    """The plan that the command line asks for. Raises ValueError for one that could not end or has unknown stages."""
    asked = arguments.stages.split(",") if arguments.stages else STAGES if arguments.start is None else STAGES[1:]
    if unknown := set(asked) - set(STAGES):
        raise ValueError(f"unknown stages: {', '.join(sorted(unknown))}")
    if not arguments.minutes and not arguments.samples:
        raise ValueError("say how long to train: --minutes or --samples")
    loop = LoopSettings(
        Budget(arguments.samples, arguments.minutes),
        arguments.learning_rate,
        batch=arguments.batch,
        processes=arguments.processes,
        threads=arguments.threads,
        device=arguments.device,
        dtype=pick_dtype(arguments.device) if arguments.dtype == "auto" else arguments.dtype,
        seed=arguments.seed,
    )
    return Plan(
        start=arguments.start,
        stages=tuple(name for name in STAGES if name in asked),
        concepts=arguments.concepts,
        examples=arguments.examples,
        resolution=arguments.resolution,
        widths=Widths(arguments.autoencoder_widths, arguments.denoiser_widths, arguments.text_width),
        vocabulary=arguments.vocabulary,
        loop=loop,
    )


def main() -> None:
    parser = _parser()
    arguments = parser.parse_args()
    try:
        plan = plan_of(arguments)
        parts = train(plan, load_sprites(arguments.cache, plan.concepts), arguments.run)
    except ValueError as error:
        parser.error(str(error))
    if parts is None:
        sys.exit(f"stopped; the same command goes on, and export --run {arguments.run} writes the weights as they are")
    out = arguments.out or arguments.run / "weights"
    write_folder(parts, out)
    print(out)


if __name__ == "__main__":
    main()
