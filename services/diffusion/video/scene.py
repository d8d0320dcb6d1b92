"""A picture under a moving camera, in pixels."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image

from services.diffusion.video.path import Path, View

Affine: TypeAlias = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Scene:
    """Frames of `width` × `height` out of pictures under a path."""

    width: int
    height: int
    path: Path

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height at which its pictures are kept."""
        detail = self.path.detail
        return max(1, round(self.width * detail)), max(1, round(self.height * detail))

    def laid(self, image: Image.Image) -> Image.Image:
        """A picture of the frame's shape as wide and high as the canvas."""
        return image if image.size == self.canvas else image.resize(self.canvas, Image.Resampling.LANCZOS)

    def frame(self, canvas: Image.Image, time: float) -> Image.Image:
        """What the camera sees at a time from 0 to 1."""
        if self.path.still:
            return canvas
        matrix = affine(self.path.at(time), (self.width, self.height), canvas.size)
        return canvas.transform((self.width, self.height), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)


def affine(view: View, frame: tuple[int, int], canvas: tuple[int, int]) -> Affine:
    """a, b, c, d, e, f: the point (x, y) of the frame shows the canvas at (ax + by + c, dx + ey + f); pixels, from the
    upper left corner."""
    wide, high = canvas[0] / frame[0] / view.zoom, canvas[1] / frame[1] / view.zoom
    cosine, sine = math.cos(view.turn), math.sin(view.turn)
    a, b = wide * cosine, -wide * sine
    d, e = high * sine, high * cosine
    middle = frame[0] / 2, frame[1] / 2
    c = canvas[0] * (0.5 + view.x) - a * middle[0] - b * middle[1]
    f = canvas[1] * (0.5 + view.y) - d * middle[0] - e * middle[1]
    return a, b, c, d, e, f


def changed(whole: Image.Image, before: Image.Image, after: Image.Image) -> Image.Image:
    """`whole` with the change from `before` to `after`, two smaller pictures of it: what did not change keeps the
    detail that only the large one has."""
    small = np.asarray(after, np.float32) - np.asarray(before, np.float32)
    channels = [Image.fromarray(small[:, :, c]).resize(whole.size, Image.Resampling.BICUBIC) for c in range(3)]
    change = np.stack([np.asarray(channel) for channel in channels], axis=2)
    return Image.fromarray((np.asarray(whole, np.float32) + change).round().clip(0, 255).astype(np.uint8))
