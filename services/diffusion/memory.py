"""How much memory models take, how much there is, and giving it back for real."""

import ctypes
import ctypes.util
import gc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from services.diffusion import weights
from services.diffusion.foreign import ForeignModel
from services.diffusion.model import Model
from services.diffusion.registry import header
from services.diffusion.registry.faults import Refused
from services.diffusion.video.model import VideoModel

# Parts of what there is: the rest is for what sampling takes, the system and the other services of the machine.
_OF_RAM = 0.5
_OF_VRAM = 0.85
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def budget(setting: str, device: str) -> int:
    """Bytes that models may take together: the setting, or a part of what the device has."""
    if setting != "auto":
        return int(setting)
    if device == "cuda":
        import torch

        return int(torch.cuda.get_device_properties(0).total_memory * _OF_VRAM)
    return int(_ram() * _OF_RAM)


def _ram() -> int:
    """Bytes of memory this process may use: the container's limit where there is one."""
    total = psutil.virtual_memory().total
    try:
        return min(total, int(_CGROUP_LIMIT.read_text()))
    except (OSError, ValueError):
        return total


def estimate(folder: Path, item_bytes: int) -> int:
    """Bytes that a model in a folder will take, from the headers of the files that are loaded."""
    elements = 0
    for path in _loaded_files(folder):
        try:
            elements += header.read(path).elements
        except Refused:
            # Whoever loads it says what is wrong with it.
            continue
    return elements * item_bytes


def _loaded_files(folder: Path) -> Iterable[Path]:
    by_part: dict[Path, list[Path]] = {}
    for path in weights.files(folder) or sorted(folder.glob("*.safetensors")):
        by_part.setdefault(path.parent, []).append(path)
    for paths in by_part.values():
        plain = [path for path in paths if ".fp16" not in path.name]
        yield from plain or paths


def taken(model: Model | ForeignModel | VideoModel) -> int:
    """Bytes that the weights of a loaded model take."""
    if isinstance(model, Model):
        networks = [model.unet, model.vae, *model.text.modules]
    else:
        networks = [part for part in model.pipeline.components.values() if hasattr(part, "parameters")]
    return sum(_network_bytes(network) for network in networks)


def _network_bytes(network: Any) -> int:
    tensors = [*network.parameters(), *network.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def give_back() -> None:
    """What was freed goes back to the system, not only to Python's and torch's own pools."""
    gc.collect()
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    trim = getattr(ctypes.CDLL(ctypes.util.find_library("c")), "malloc_trim", None)
    if trim is not None:
        trim(0)
