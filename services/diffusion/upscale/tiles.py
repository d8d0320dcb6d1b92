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


def cut(width: int, height: int, side: int) -> list[Tile]:
    """Tiles of about equal size, none wider or higher than `side`, row by row."""

    def edges(length: int) -> list[int]:
        parts = math.ceil(length / side)
        return [length * part // parts for part in range(parts + 1)]

    columns, rows = edges(width), edges(height)
    return [
        Tile(left, top, right, bottom)
        for top, bottom in itertools.pairwise(rows)
        for left, right in itertools.pairwise(columns)
    ]


def enlarge(image: Image.Image, tile: Tile, loaded: Loaded) -> Image.Image:
    """One tile of an RGB picture, `loaded.scale` times as large. Blocks for seconds; any thread may call it."""
    context, scale = loaded.upscaler.context, loaded.scale
    wanted = (tile.left - context, tile.top - context, tile.right + context, tile.bottom + context)
    box = max(0, wanted[0]), max(0, wanted[1]), min(image.width, wanted[2]), min(image.height, wanted[3])
    around = ((box[1] - wanted[1], wanted[3] - box[3]), (box[0] - wanted[0], wanted[2] - box[2]), (0, 0))
    # Beyond its edge a picture goes on as its mirror image; the black that convolutions assume would show.
    pixels = np.pad(np.asarray(image.crop(box)), around, mode="reflect")
    made = Image.fromarray(loaded.network(pixels))
    # The tile with its surroundings has whole pixels at either scale, so tiles resample as the whole would.
    size = pixels.shape[1] * scale, pixels.shape[0] * scale
    if made.size != size:
        made = made.resize(size, Image.Resampling.LANCZOS)
    left, top = context * scale, context * scale
    return made.crop((left, top, left + (tile.right - tile.left) * scale, top + (tile.bottom - tile.top) * scale))
