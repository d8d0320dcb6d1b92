"""LoRA files: read, understood and fitted to a model before anything is sampled. Safetensors only."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.diffusion.adapters import Delta, Lora
from services.diffusion.lora_names import Layers, Place, role
from services.diffusion.model import Model
from services.kit.objects import hash_file

if TYPE_CHECKING:
    import torch

# Keys of other kinds of adapters, and what they are called.
_OTHERS = {
    "dora_scale": "DoRA",
    "hada_": "LoHa",
    "lokr_": "LoKr",
    "lora_mid": "a LoCon with Tucker decomposition",
    ".diff": "a full difference of weights",
    "oft_": "OFT",
    "ia3": "(IA)³",
}
_NAMED = 3
"""Keys named in a complaint."""


class CannotUse(Exception):
    """A LoRA that does not fit, and why; whoever asked for it adds which field named it."""


@dataclass
class _Found:
    """What a file holds for one layer."""

    name: str
    tensors: "dict[str, torch.Tensor]"


def fit(name: str, file: Path, model: Model) -> Lora:
    """Read a file for a model; raises `CannotUse`."""
    tensors, said = _read(file)
    layers = Layers(model.unet, model.text.modules)
    places: dict[Place, _Found] = {}
    unknown: list[str] = []
    foreign: list[str] = []
    for key, tensor in tensors.items():
        meant = role(key)
        place = layers.find(meant[0]) if meant else None
        if meant is None:
            unknown.append(key)
        elif place is None:
            foreign.append(key)
        else:
            places.setdefault(place, _Found(meant[0], {})).tensors[meant[1]] = tensor
    if unknown:
        kind = next((f" ({kind} is not supported)" for part, kind in _OTHERS.items() if part in unknown[0]), "")
        raise CannotUse(f"{name} holds what is no LoRA{kind}: {_some(unknown)}")
    if foreign:
        raise CannotUse(
            f"{name} was made for another family of models than {model.card.name}, which has no {_some(foreign)}"
        )
    if not places:
        raise CannotUse(f"{name} holds nothing")
    unet: dict[str, Delta] = {}
    encoders: dict[int, dict[str, Delta]] = {}
    for place, found in places.items():
        network = model.unet if place.encoder is None else model.text.modules[place.encoder]
        target = unet if place.encoder is None else encoders.setdefault(place.encoder, {})
        target[place.layer] = _delta(name, found, network.get_submodule(place.layer), said)
    return Lora(name, hash_file(file), unet, encoders)


def _read(file: Path) -> "tuple[dict[str, torch.Tensor], _Said]":
    from safetensors import SafetensorError, safe_open

    if file.suffix != ".safetensors":
        raise CannotUse(f"{file.name} is no safetensors file")
    try:
        with safe_open(file, framework="pt") as opened:
            tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118  # it is no mapping
            metadata = opened.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise CannotUse(f"{file.name} cannot be read: {error}") from None
    return tensors, _Said.of(metadata, file)


@dataclass(frozen=True)
class _Said:
    """What a file says of alpha beside its tensors: diffusers in the header, peft in a file beside."""

    configs: Sequence[Mapping[str, Any]]
    """The first that knows a layer counts."""

    @classmethod
    def of(cls, metadata: Mapping[str, str], file: Path) -> "_Said":
        configs: list[Mapping[str, Any]] = []
        try:
            flat: Mapping[str, Any] = json.loads(metadata.get("lora_adapter_metadata", "{}"))
            for network in ("unet", "text_encoder", "text_encoder_2"):
                own = {k.removeprefix(f"{network}."): v for k, v in flat.items() if k.startswith(f"{network}.")}
                if own:
                    configs.append({"network": network, **own})
            beside = file.with_name("adapter_config.json")
            if file.name == "adapter_model.safetensors" and beside.is_file():
                configs.append({"network": "", **json.loads(beside.read_text())})
        except ValueError as error:
            raise CannotUse(f"what {file.name} says of itself cannot be read: {error}") from None
        return cls(configs)

    def scale(self, layer: str, rank: int) -> float:
        """alpha / rank of a layer, as named in the file; 1 if nothing was said."""
        for config in self.configs:
            network = config["network"]
            if network and not layer.startswith(f"{network}."):
                continue
            inner = layer.removeprefix(f"{network}.")
            patterns: Mapping[str, float] = config.get("alpha_pattern") or {}
            own = next((a for part, a in patterns.items() if inner == part or inner.endswith(f".{part}")), None)
            alpha = own if own is not None else config.get("lora_alpha")
            if alpha is not None:
                return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)
        return 1.0


def _delta(name: str, found: _Found, layer: Any, said: _Said) -> Delta:
    down, up = found.tensors.get("down"), found.tensors.get("up")
    if down is None or up is None:
        raise CannotUse(f"{name} holds only a half of {found.name}")
    shape: tuple[int, ...] = tuple(layer.weight.shape)
    wanted, rank = shape[1:], down.shape[0] if down.dim() else 0
    # Linear layers and convolutions of one pixel are the same thing, and files have them either way.
    if not rank or _core(down.shape[1:]) != _core(wanted) or _core(up.shape) != _core((shape[0], rank)):
        raise CannotUse(
            f"{name} does not fit: {found.name} is {_shape(down.shape)} and {_shape(up.shape)}, "
            f"the model's layer {_shape(shape)}"
        )
    alpha = found.tensors.get("alpha")
    scale = float(alpha) / rank if alpha is not None else said.scale(found.name, rank)
    kept = {"device": layer.weight.device, "dtype": layer.weight.dtype}
    return Delta(
        down.reshape(rank, *wanted).to(**kept), up.reshape(shape[0], rank, *(1,) * (len(shape) - 2)).to(**kept), scale
    )


def _core(shape: Sequence[int]) -> Sequence[int]:
    """A shape without ones at its end."""
    size = len(shape)
    while size and shape[size - 1] == 1:
        size -= 1
    return tuple(shape[:size])


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return ", ".join(keys[:_NAMED]) + more
