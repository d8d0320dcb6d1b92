"""LoRA files of a test's own making, in every naming there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from services.diffusion.emphasis import LoraTag
from services.diffusion.generation import Generation
from services.diffusion.loras import Loras
from services.diffusion.phrasing import Phrasing
from services.diffusion.settings import SEPIA
from tests.unit.diffusion_rig import starter

Weights = Mapping[str, torch.Tensor]


def phrasing(**files: Path) -> Phrasing:
    """Words requests with these LoRAs, and sepia."""
    known = {"sepia": SEPIA, **files}
    return Phrasing({}, Loras(known.__getitem__, lambda: list(known), 1 << 30))


def with_loras(generation: Generation, *asked: tuple[str, float], **files: Path) -> Generation:
    """The request on the starter model with LoRAs."""
    return phrasing(**files).worded(generation, [LoraTag(*one) for one in asked], starter())


def sepia() -> dict[str, torch.Tensor]:
    """The shipped LoRA in diffusers' naming, in full precision."""
    return {name: weight.float() for name, weight in load_file(SEPIA).items()}


def written(folder: Path, weights: Weights, name: str = "made.safetensors", **said: str) -> Path:
    """A file of these weights."""
    file = folder / name
    save_file({key: weight.contiguous() for key, weight in weights.items()}, file, metadata=said or None)
    return file


def renamed(name_of: Callable[[str], str], down: str, up: str) -> dict[str, torch.Tensor]:
    """The shipped LoRA with other names for its layers and halves."""
    made: dict[str, torch.Tensor] = {}
    for key, weight in sepia().items():
        layer, _, half = key.removesuffix(".weight").rpartition(".")
        made[name_of(layer.removeprefix("unet.")) + (down if half == "lora_A" else up)] = weight
    return made


def random_lora(
    layers: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]], seed: int = 0
) -> dict[str, torch.Tensor]:
    """Random weights by layer, of the shapes of A and B."""
    generator = torch.Generator().manual_seed(seed)
    made: dict[str, torch.Tensor] = {}
    for layer, (down, up) in layers.items():
        made[f"{layer}.lora_A.weight"] = torch.randn(down, generator=generator) * 0.2
        made[f"{layer}.lora_B.weight"] = torch.randn(up, generator=generator) * 0.2
    return made
