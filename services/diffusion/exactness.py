"""Batching that changes no bit: the same picture comes out whatever else was in the batch.

A convolution or matrix product over a bigger batch may run another kernel, which adds in another order. Measured on the
CPU (oneDNN and MKL kernels, one thread), the only layers of a Stable Diffusion UNet whose result for a row depends on
how many rows there are (two or more) are the linear layers fed one vector per row, such as the time embedding, and the
1x1 convolutions. Those are computed in groups of two rows here, which costs little as they are small; every UNet call
is given an even number of rows, so a picture sampled alone goes through the very same kernels.

That is an observation about kernels and no law. So it is checked on the real data: before a batch of some shape is
believed, it is once computed both ways and compared bit by bit; where that fails, pictures of that shape are sampled
one at a time.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

GROUP = 2


def make_rows_independent(unet: Any) -> None:
    """Have the layers that depend on the number of rows compute in groups of two rows. For CPU models."""
    import torch

    for module in unet.modules():
        if isinstance(module, torch.nn.Linear):
            module.forward = _grouped(module.forward, only_dim=2)
        elif isinstance(module, torch.nn.Conv2d) and module.kernel_size == (1, 1):
            module.forward = _grouped(module.forward, only_dim=4)


def _grouped(forward: "Callable[[torch.Tensor], torch.Tensor]", only_dim: int) -> Any:
    def in_groups(rows: "torch.Tensor") -> "torch.Tensor":
        import torch

        if rows.dim() != only_dim or rows.shape[0] <= GROUP:
            return forward(rows)
        return torch.cat([forward(group) for group in rows.split(GROUP)])

    return in_groups


class BatchProof:
    """Which batch shapes were seen to give exactly what single pictures give."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._seen: dict[tuple[int, ...], bool] = {}
        self._lock = threading.Lock()

    @property
    def verdicts(self) -> dict[tuple[int, ...], bool]:
        """Every shape tried and how it went."""
        with self._lock:
            return dict(self._seen)

    def verdict(self, shape: tuple[int, ...]) -> bool | None:
        """True = exact, False = not, None = not tried. `shape` is [rows, channels, height, width] of a UNet call
        and how many tokens it is told."""
        with self._lock:
            return self._seen.get(shape)

    def judge(self, shape: tuple[int, ...], exact: bool) -> None:
        """Remember one comparison; a single difference condemns a shape for good."""
        with self._lock:
            self._seen[shape] = exact and self._seen.get(shape, True)
