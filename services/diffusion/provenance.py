"""Everything needed to make a picture again, as kept with the asset and in the file itself."""

import functools
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from services.diffusion.emphasis import LoraTag
from services.diffusion.generation import Generation
from services.diffusion.model import ModelCard
from services.diffusion.samplers import SAMPLERS


def settings_of(
    kind: str, generation: Generation, index: int, card: ModelCard, size: tuple[int, int]
) -> dict[str, Any]:
    """The settings of picture `index` as JSON data; `seed` is the picture's own: asking for it, count 1, gives it
    again. `size` is the finished picture's, width and height."""
    said = generation.wording(index)
    settings: dict[str, Any] = {
        "kind": kind,
        "prompt": said.prompt,
        "negative_prompt": said.negative_prompt,
        "model": card.name,
        "model_hash": card.hash,
        "width": size[0],
        "height": size[1],
        "steps": generation.steps,
        "cfg_scale": generation.cfg_scale,
        "sampler": generation.sampler,
        "sampler_label": SAMPLERS[generation.sampler].label,
        "seed": generation.seed + index,
        "versions": versions("atelier", "diffusers", "torch"),
    }
    templates = {"prompt": generation.prompt, "negative_prompt": generation.negative_prompt}
    settings |= {f"{name}_template": asked for name, asked in templates.items() if asked != settings[name]}
    if card.accelerated:
        settings["accelerated"] = list(card.accelerated)
    if said.loras:
        settings["lora_hashes"] = {applied.lora.name: applied.lora.hash for applied in said.loras}
    return settings


def beside(loras: Sequence[LoraTag]) -> dict[str, Any]:
    """The LoRAs that were asked for beside the prompt, as JSON data; those in the prompt stand there.
    Registered ones come as URIs that end with their names."""
    return {"loras": [{"model": lora.name.rpartition("#")[2], "weight": lora.weight} for lora in loras]}


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
