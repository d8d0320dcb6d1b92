"""What changes in a still while it is filmed: once a second it is made anew, a little, and one picture fades into the
next.

It is the still that changes, not what the camera sees of it, so the change moves with the picture, and no frame shows a
border. The noise wanders: from one time to the next it turns by a small angle, so what is made of it is much the same.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from services.diffusion.generation import Generation
from services.diffusion.model import Model

if TYPE_CHECKING:
    import torch

# Denoising strength without and at full motion; radians the noise turns by in a second at full motion.
_STRENGTH = (0.15, 0.6)
_TURN = 0.6


class Reimagining:
    """When a still is made anew, and how."""

    def __init__(self, motion: float, fps: int, frames: int) -> None:
        """`motion` 0 to 1; 0 = never."""
        self.motion = motion
        self.strength = _STRENGTH[0] + (_STRENGTH[1] - _STRENGTH[0]) * motion
        self._every = fps
        self._frames = frames
        self.count = -(-(frames - 1) // fps) if motion > 0 else 0
        """How many pictures are made besides the first."""

    def stretches(self) -> Iterator[tuple[int, int, int | None]]:
        """First frame, frame after the last, and the number of the picture it leads to (None = nothing changes)."""
        if not self.count:
            yield 0, self._frames, None
            return
        for k in range(self.count):
            last = k == self.count - 1
            yield k * self._every, self._frames if last else (k + 1) * self._every, k + 1

    def between(self, before: Image.Image, after: Image.Image, frame: int) -> Image.Image:
        """The picture `frame` frames after `before`."""
        if before is after or frame == 0:
            return before
        return Image.blend(before, after, min(1.0, frame / self._every))

    def noise(self, model: Model, generation: Generation, number: int) -> "torch.Tensor":
        """[channels, height, width]: unit normal, a way from the seed's own that grows with `number`."""
        import torch

        generator = torch.Generator("cpu").manual_seed(generation.seed)
        shape = model.latent_shape(generation)
        here, there = (torch.randn(shape, generator=generator, dtype=torch.float32) for _ in range(2))
        turn = _TURN * self.motion * number
        return math.cos(turn) * here + math.sin(turn) * there
