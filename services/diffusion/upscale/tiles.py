"""Pictures cut into tiles, each worked on with its surroundings, so that no seam shows and memory stays bounded."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from services.diffusion.upscale.upscalers import Loaded


@dataclass(frozen=True)
class Tile:
    """A part of a picture, in its pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def grown(self, by: int) -> "Tile":
        """With so much more on every side."""
        return Tile(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def within(self, width: int, height: int) -> "Tile":
        """What of it lies in a picture."""
        return Tile(max(0, self.left), max(0, self.top), min(width, self.right), min(height, self.bottom))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """As Pillow wants it."""
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True)
class Piece:
    """An enlarged tile, and how it is put into the result: over those left of it and above."""

    image: Image.Image
    left: int
    top: int
    mask: Image.Image | None
    """Mode L: it fades in over what is there already. None = it covers it."""

    def put(self, result: Image.Image) -> None:
        """Put it in its place."""
        result.paste(self.image, (self.left, self.top), self.mask)


def cut(width: int, height: int, side: int) -> list[Tile]:
    """Tiles of about equal size, none wider or higher than `side`, row by row."""

    def edges(length: int) -> list[int]:
        parts = math.ceil(length / side)
        return [length * part // parts for part in range(parts + 1)]

    return [
        Tile(left, top, right, bottom)
        for top, bottom in itertools.pairwise(edges(height))
        for left, right in itertools.pairwise(edges(width))
    ]


def enlarge(image: Image.Image, tile: Tile, loaded: Loaded) -> Piece:
    """One tile of an RGB picture, `loaded.scale` times as large. Blocks for seconds; any thread may call it."""
    scale, blend = loaded.scale, loaded.upscaler.blend
    wanted = tile.grown(loaded.upscaler.context)
    seen = wanted.within(*image.size)
    beyond = (
        (seen.top - wanted.top, wanted.bottom - seen.bottom),
        (seen.left - wanted.left, wanted.right - seen.right),
        (0, 0),
    )
    # Beyond its edge a picture goes on as its mirror image; the black that convolutions assume would show.
    pixels = np.pad(np.asarray(image.crop(seen.box)), beyond, mode="reflect")
    made = Image.fromarray(loaded.network(pixels))
    # The tile with its surroundings has whole pixels at either scale, so tiles resample as the whole would.
    size = pixels.shape[1] * scale, pixels.shape[0] * scale
    if made.size != size:
        made = made.resize(size, Image.Resampling.LANCZOS)
    kept = tile.grown(blend).within(*image.size)
    part = made.crop(
        (
            (kept.left - wanted.left) * scale,
            (kept.top - wanted.top) * scale,
            (kept.right - wanted.left) * scale,
            (kept.bottom - wanted.top) * scale,
        )
    )
    mask = _mask(part.size, 2 * blend * scale, left=tile.left > 0, top=tile.top > 0) if blend else None
    return Piece(part, kept.left * scale, kept.top * scale, mask)


def _mask(size: tuple[int, int], fade: int, *, left: bool, top: bool) -> Image.Image:
    """White, but for the edges at which it fades in."""

    def ramp(length: int, fades: bool) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        weights = np.ones(length)
        if fades:
            steps = min(fade, length)
            weights[:steps] = (np.arange(steps) + 0.5) / fade
        return weights

    weights = np.outer(ramp(size[1], top), ramp(size[0], left))
    return Image.fromarray((weights * 255).round().astype(np.uint8))
