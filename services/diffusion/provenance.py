"""Everything needed to make a picture again, as kept with the asset and in the file itself."""

import functools
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from services.diffusion.generation import Generation
from services.diffusion.model import ModelCard
from services.diffusion.samplers import SAMPLERS


def settings_of(kind: str, generation: Generation, seed: int, card: ModelCard, size: tuple[int, int]) -> dict[str, Any]:
    """The settings of one picture as JSON data; `seed` is the picture's own: asking for it, count 1, gives it again.
    `size` is the finished picture's, width and height."""
    return {
        "kind": kind,
        "prompt": generation.prompt,
        "negative_prompt": generation.negative_prompt,
        "model": card.name,
        "model_hash": card.hash,
        "width": size[0],
        "height": size[1],
        "steps": generation.steps,
        "cfg_scale": generation.cfg_scale,
        "sampler": generation.sampler,
        "sampler_label": SAMPLERS[generation.sampler].label,
        "seed": seed,
        "versions": versions("atelier", "diffusers", "torch"),
    }


def versions(*packages: str) -> dict[str, str]:
    """The versions of what has a say in the result."""
    return {package: _version(package) for package in packages}


@functools.cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        # A checkout that is run without being installed.
        return "development"
