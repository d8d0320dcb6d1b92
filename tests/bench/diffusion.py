"""Images per second of the diffusion engine against plain diffusers on the same folder, in turns in one process:
`python -m tests.bench.diffusion --help`.

Plain diffusers is `StableDiffusionPipeline` called for one picture after another, with as many threads as serve it best
here (one, or all cores: for the small starter model that depends on what else runs). The engine is asked the same way,
one picture after another, and then for several at once, which it may batch. Decoding is part of it, writing files not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from services.diffusion.acceleration import Acceleration
from services.diffusion.engine import Engine
from services.diffusion.gate import Gate
from services.diffusion.generation import Ended, Generation, Happening, Made
from services.diffusion.loading import LoadOptions, device_and_dtype, load
from services.diffusion.model import Model
from services.diffusion.samplers import DEFAULT, SAMPLERS
from services.diffusion.settings import STARTER

CROWD = 8
PREVIEW_EVERY = 4
_CALIBRATION_STEPS = 4
_PATIENCE_S = 3600.0


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds."""

    images_per_s: float
    ratio: float
    """Images per second against plain diffusers in the same round."""
    cpu_s: float
    """CPU seconds a picture costs, which other work on the machine changes less."""


class Plain:
    """`StableDiffusionPipeline` as its documentation says to use it."""

    def __init__(self, folder: Path, options: LoadOptions) -> None:
        from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline

        device, dtype = device_and_dtype(options)
        self._pipeline: Any = StableDiffusionPipeline.from_pretrained(folder, dtype=dtype, use_safetensors=True)
        self._pipeline.to(device)
        self._pipeline.set_progress_bar_config(disable=True)
        self._pipeline.scheduler = SAMPLERS[DEFAULT].build(self._pipeline.scheduler.config)
        self.threads = 1

    def choose_threads(self, generation: Generation, cores: int) -> None:
        """Take one thread or all cores, whichever was quicker just now."""
        seconds: dict[int, float] = {}
        for threads in (1, cores, 1, cores):
            self.threads = threads
            self.make(replace(generation, steps=1))
            began = time.perf_counter()
            self.make(replace(generation, steps=_CALIBRATION_STEPS))
            seconds[threads] = min(seconds.get(threads, float("inf")), time.perf_counter() - began)
        self.threads = min(seconds, key=seconds.__getitem__)

    def make(self, generation: Generation) -> bytes:
        """The pixels of one picture."""
        torch.set_num_threads(self.threads)
        made = self._pipeline(
            generation.prompt,
            width=generation.width,
            height=generation.height,
            num_inference_steps=generation.steps,
            guidance_scale=generation.cfg_scale,
            generator=torch.Generator().manual_seed(generation.seed),
        )
        return made.images[0].tobytes()


class Ours:
    """The engine, without bus and files."""

    def __init__(self, folder: Path, options: LoadOptions) -> None:
        self._engine = Engine(cores=options.cores, batch=CROWD, gate=(gate := Gate()))
        model = load("measured", str(folder), options, self._engine.pulse, gate)
        if not isinstance(model, Model):
            raise SystemExit(f"{folder} is sampled by diffusers itself: there is nothing to compare")
        self.model = model

    def make(self, generations: Sequence[Generation]) -> list[bytes]:
        """The pixels of pictures asked for at once."""
        made: dict[int, bytes] = {}
        ended = threading.Semaphore(0)
        errors: list[Exception] = []

        def begin(place: int, generation: Generation) -> None:
            def tell(happening: Happening) -> None:
                if isinstance(happening, Made):
                    made[place] = happening.image.tobytes()
                if isinstance(happening, Ended):
                    if happening.error is not None:
                        errors.append(happening.error)
                    ended.release()

            self._engine.submit(self.model, generation, tell)

        for place, generation in enumerate(generations):
            begin(place, generation)
        for _ in generations:
            if not ended.acquire(timeout=_PATIENCE_S):
                raise TimeoutError("the engine made no picture")
        if errors:
            raise errors[0]
        return [made[place] for place in range(len(generations))]

    def close(self) -> None:
        """End the engine's threads."""
        self._engine.close()


def main() -> None:
    """Measures, prints a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=STARTER, help="a Stable Diffusion folder (default: the starter)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--compile", action="store_true", help="our model through torch.compile")
    parser.add_argument("--channels-last", action="store_true", help="our model's convolutions channels last")
    options = parser.parse_args()
    faster = Acceleration(compile=options.compile, channels_last=options.channels_last)
    loading = LoadOptions(cores=options.cores, acceleration=faster)
    ours, plain = Ours(options.model, loading), Plain(options.model, loading)
    try:
        card = ours.model.card
        asked = Generation(
            prompt="a red apple on a blue background",
            negative_prompt="",
            width=card.native_width,
            height=card.native_height,
            steps=options.steps,
            cfg_scale=7.0,
            sampler=DEFAULT,
            seed=0,
        )
        plain.choose_threads(asked, options.cores)
        same = [plain.make(asked)] == ours.make([asked])
        figures = measure(plain, ours, asked, options.rounds)
    finally:
        ours.close()
    where = [card.device, f"{options.cores} cores", f"{options.steps} steps", f"{card.native_width} px"]
    print(table(figures, ", ".join([*where, *card.accelerated])))
    print(f"plain diffusers on {plain.threads} of {options.cores} threads; pixels {'equal' if same else 'NOT equal'}")
    rows = {name: asdict(f) for name, f in figures.items()}
    print(json.dumps({"diffusion": {"threads": plain.threads, "pixels_equal": same, "rows": rows}}))


def measure(plain: Plain, ours: Ours, asked: Generation, rounds: int) -> dict[str, Figures]:
    """Every way once a round, in changing order, each making as many pictures as the crowd has places."""

    def pictures(round_number: int, **changes: int) -> list[Generation]:
        return [replace(asked, seed=round_number * CROWD + place, **changes) for place in range(CROWD)]

    ways: dict[str, Callable[[int], object]] = {
        "plain diffusers, one after another": lambda k: [plain.make(one) for one in pictures(k)],
        "engine, one after another": lambda k: [ours.make([one]) for one in pictures(k)],
        f"engine, {CROWD} at once": lambda k: ours.make(pictures(k)),
        f"engine, {CROWD} at once, with previews": lambda k: ours.make(pictures(k, preview_every=PREVIEW_EVERY)),
    }
    # Batches of a new shape are computed both ways once before they are believed: all shapes there are on the way.
    ours.make(pictures(0))
    rates: dict[str, list[float]] = {name: [] for name in ways}
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for k in range(rounds):
        for name in ways if k % 2 else reversed(ways):
            began, spent = time.perf_counter(), time.process_time()
            ways[name](k)
            rates[name].append(CROWD / (time.perf_counter() - began))
            costs[name].append((time.process_time() - spent) / CROWD)
        print(f"round {k + 1}: " + ", ".join(f"{values[-1]:.2f}" for values in rates.values()), file=sys.stderr)
    base = next(iter(rates.values()))
    return {
        name: Figures(
            images_per_s=statistics.median(values),
            ratio=statistics.median(a / b for a, b in zip(values, base, strict=True)),
            cpu_s=statistics.median(costs[name]),
        )
        for name, values in rates.items()
    }


def table(figures: dict[str, Figures], title: str) -> str:
    """For a person and for Markdown."""
    lines = [f"| {title} | images/s | ratio | CPU s a picture |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {f.images_per_s:.2f} | {f.ratio:.2f} | {f.cpu_s:.2f} |" for name, f in figures.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
