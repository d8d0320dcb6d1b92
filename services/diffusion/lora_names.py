"""What LoRA files call the layers of a model: diffusers' and peft's names, kohya's, and those of the original Stable
Diffusion code that kohya's scripts use for SDXL."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Endings of keys, and what the tensor is. peft, diffusers (new, old), kohya; attention processors of diffusers 0.1x.
_ENDINGS: Mapping[str, str] = {
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_A.default.weight": "down",
    ".lora_B.default.weight": "up",
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".alpha": "alpha",
}
# The longer beginnings first; a file of peft's own says nothing of the network, which is the UNet then.
_BEGINNINGS: Sequence[tuple[str, int | None]] = (
    ("lora_unet_", None),
    ("unet_", None),
    ("lora_te2_", 1),
    ("text_encoder_2_", 1),
    ("lora_te1_", 0),
    ("lora_te_", 0),
    ("text_encoder_", 0),
    ("", None),
)
_RESNET = {
    "norm1": "in_layers_0",
    "conv1": "in_layers_2",
    "time_emb_proj": "emb_layers_1",
    "norm2": "out_layers_0",
    "conv2": "out_layers_3",
    "conv_shortcut": "skip_connection",
}
_OUTSIDE = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
_IN_HALF = re.compile(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)")
_IN_MIDDLE = re.compile(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)")


@dataclass(frozen=True)
class Place:
    """A layer of a model."""

    encoder: int | None
    """Which text encoder; None = the UNet."""
    layer: str


def role(key: str) -> tuple[str, str] | None:
    """The layer as the file calls it, and "down", "up" or "alpha"; None for a key of another kind."""
    for ending, kind in _ENDINGS.items():
        if key.endswith(ending):
            layer = key.removesuffix(ending).replace(".processor.", ".")
            # Attention processors knew one output layer; it is the first of two things there.
            return (f"{layer}.0" if ending.startswith("_lora") and layer.endswith("to_out") else layer), kind
    return None


class Layers:
    """The layers of a model a LoRA can change, by any of their names."""

    def __init__(self, unet: Any, encoders: Sequence[Any]) -> None:
        """Read the names out of the networks."""
        known = {_flat(name): Place(None, name) for name in _changeable(unet)}
        known |= {_flat(_original(unet, place.layer)): place for place in known.values()}
        self._known: dict[int | None, dict[str, Place]] = {None: known}
        for index, encoder in enumerate(encoders):
            self._known[index] = {_flat(_bare(name)): Place(index, name) for name in _changeable(encoder)}

    def find(self, name: str) -> Place | None:
        """The layer a file means."""
        flat = _flat(name.removeprefix("base_model.model."))
        for beginning, encoder in _BEGINNINGS:
            if flat.startswith(beginning):
                rest = flat.removeprefix(beginning)
                return self._known.get(encoder, {}).get(rest if encoder is None else rest.removeprefix("text_model_"))
        return None


def _changeable(network: Any) -> list[str]:
    import torch

    kinds = (torch.nn.Linear, torch.nn.Conv2d)
    return [name for name, layer in network.named_modules() if isinstance(layer, kinds)]


def _flat(name: str) -> str:
    """kohya's scripts write underscores for dots, which leaves no way back; so names are compared without dots."""
    return name.replace(".", "_")


def _bare(name: str) -> str:
    # Older transformers have the text encoder's layers one module further down.
    return name.removeprefix("text_model.")


def _original(unet: Any, name: str) -> str:
    """A UNet layer's name in the original Stable Diffusion code, which numbers all blocks of a half through."""
    if found := _IN_HALF.match(name):
        half, block, kind, index, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
        # On the way down a level has its layers and one that scales; on the way up it has one layer more. The first
        # block of all is the first convolution.
        layers = unet.config.layers_per_block
        start = block * (layers + 1)
        match half, kind:
            case "down", "downsamplers":
                return f"input_blocks.{start + layers + 1}.0.op"
            case "up", "upsamplers":
                # Behind the last layer of its level, which may attend.
                attends = hasattr(unet.up_blocks[block], "attentions")
                return f"output_blocks.{start + layers}.{2 if attends else 1}.{rest}"
            case _:
                number = f"input_blocks.{1 + start + index}" if half == "down" else f"output_blocks.{start + index}"
                return f"{number}.0.{_resnet(rest)}" if kind == "resnets" else f"{number}.1.{rest}"
    if found := _IN_MIDDLE.match(name):
        place = "1" if found[1] == "attentions" else "0" if found[2] == "0" else "2"
        return f"middle_block.{place}.{_resnet(found[3])}"
    return _OUTSIDE.get(name, name)


def _resnet(rest: str) -> str:
    return _RESNET.get(rest, rest)
