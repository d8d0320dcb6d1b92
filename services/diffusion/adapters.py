"""LoRAs on a network, each row of a batch with its own, merged into no weights.

A LoRA (Hu et al. 2021, arXiv:2106.09685) adds scale · B(A(x)) to what a layer makes of x. Here a hook on the layer adds
it for those rows of the present call that ask for it, so pictures with different LoRAs, or none, share a batch. Every
picture's rows are computed in a call of their own and thus by the same kernels whatever else is in the batch; rows
without a LoRA are not touched (see `exactness`).
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Delta:
    """What a LoRA adds to one layer, in the layer's precision and on its device."""

    down: "torch.Tensor"
    """A: [rank, in] of a linear layer, [rank, in, height, width] of a convolution."""
    up: "torch.Tensor"
    """B: [out, rank] or [out, rank, 1, 1]."""
    scale: float
    """alpha / rank."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.down.nbytes + self.up.nbytes

    def of(self, layer: Any, rows: "torch.Tensor", weight: float) -> "torch.Tensor":
        """What is added to the layer's output for these rows."""
        from torch.nn import functional

        if self.down.dim() == 2:
            added = functional.linear(functional.linear(rows, self.down), self.up)
        else:
            inner = functional.conv2d(rows, self.down, None, layer.stride, layer.padding, layer.dilation)
            added = functional.conv2d(inner, self.up)
        return added * (weight * self.scale)


@dataclass(frozen=True)
class Part:
    """A LoRA's share in one network."""

    deltas: Mapping[str, Delta]
    """By the layer's name."""
    weight: float


@dataclass(frozen=True, eq=False)
class Lora:
    """A LoRA fitted to one model."""

    name: str
    hash: str
    """SHA-256 of its file, hex."""
    unet: Mapping[str, Delta]
    encoders: Mapping[int, Mapping[str, Delta]]
    """By the text encoder's place."""

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(delta.size for deltas in (self.unet, *self.encoders.values()) for delta in deltas.values())


@dataclass(frozen=True)
class Applied:
    """A LoRA and how strongly it counts."""

    lora: Lora
    weight: float

    @property
    def on_unet(self) -> Part:
        """Its share in the UNet."""
        return Part(self.lora.unet, self.weight)

    def on_encoder(self, index: int) -> Part:
        """Its share in a text encoder."""
        return Part(self.lora.encoders.get(index, {}), self.weight)


@dataclass(frozen=True)
class Rows:
    """Rows of a batch and what is added to them."""

    rows: slice
    parts: tuple[Part, ...]


class Adapters:
    """Adds LoRAs to one network. Calls may run side by side in several threads."""

    def __init__(self, network: Any) -> None:
        """Costs nothing until the first LoRA: a layer is hooked when one is first used on it."""
        self._network = network
        self._hooked: set[str] = set()
        self._lock = threading.Lock()
        self._present = threading.local()

    @contextmanager
    def applied(self, wanted: Sequence[Rows]) -> Iterator[None]:
        """For one call of the network in this thread."""
        self._hook({name for rows in wanted for part in rows.parts for name in part.deltas})
        self._present.wanted = wanted
        try:
            yield
        finally:
            self._present.wanted = ()

    def _hook(self, layers: set[str]) -> None:
        if layers <= self._hooked:
            return
        with self._lock:
            for name in layers - self._hooked:
                self._network.get_submodule(name).register_forward_hook(self._adder(name))
                self._hooked.add(name)

    def _adder(self, name: str) -> Any:
        from torch.compiler import is_compiling

        def add(layer: Any, arguments: tuple[Any, ...], output: "torch.Tensor") -> None:
            # Pictures with LoRAs do not go through the compiled network.
            if is_compiling():
                return
            for rows in getattr(self._present, "wanted", ()):
                for part in rows.parts:
                    delta = part.deltas.get(name)
                    if delta is not None:
                        output[rows.rows] += delta.of(layer, arguments[0][rows.rows], part.weight)

        return add
