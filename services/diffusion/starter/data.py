"""Training examples: a sprite, perhaps tinted, before a colour or a scene, with several captions. Seeded throughout."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.diffusion.starter.captions import caption
from services.diffusion.starter.scenes import COLOURS, GROUNDED, SCENES, TINTS, plain, tint
from services.diffusion.starter.sprites import Sprite

CAPTIONS_EACH = 3
_SHARE_WHITE, _SHARE_COLOUR, _SHARE_TINTED = 0.20, 0.55, 0.22  # what is left of the first two gets a scene


@dataclass(frozen=True)
class Composition:
    """What is in a picture. With neither colour nor scene the backdrop is white and the caption does not name it."""

    sprite: Sprite
    tint: str | None = None
    colour: str | None = None
    scene: str | None = None


@dataclass(frozen=True)
class Example:
    """``pixels`` is uint8 (size, size, 3)."""

    composition: Composition
    pixels: NDArray[np.uint8]
    captions: tuple[str, ...]


def choose_composition(sprite: Sprite, rng: random.Random) -> Composition:
    """A backdrop and a tint for ``sprite`` in the shares that the model is trained on."""
    kind = rng.random()
    colour = scene = None
    if _SHARE_WHITE <= kind < _SHARE_WHITE + _SHARE_COLOUR:
        colour = rng.choice(list(COLOURS))
    elif kind >= _SHARE_WHITE:
        scene = rng.choice(list(SCENES))
    # A drawing that is known by its own colour (a red apple) is tinted half as often.
    share = _SHARE_TINTED / 2 if sprite.name.split()[0] in COLOURS else _SHARE_TINTED
    return Composition(sprite, rng.choice(TINTS) if rng.random() < share else None, colour, scene)


def compose(what: Composition, size: int, rng: random.Random | None = None) -> NDArray[np.uint8]:
    """The picture, uint8 (size, size, 3); with ``rng`` scale, place and colour vary a little, without it not at all."""
    rgba = tint(what.sprite.rgba, what.tint) if what.tint else what.sprite.rgba
    if what.scene is not None:
        backdrop = SCENES[what.scene](size)
    else:
        backdrop = plain(size, COLOURS[what.colour or "white"])
        if rng is not None and what.colour not in (None, "white"):
            backdrop = (backdrop + np.array([rng.uniform(-8, 8) for _ in range(3)], np.float32)).clip(0, 255)
    side = round(size * (rng.uniform(0.86, 1.0) if rng else 0.94))
    wander = size // 32 if rng else 0
    left, top = ((size - side) // 2 + (rng.randint(-wander, wander) if rng else 0) for _ in range(2))
    if what.scene in GROUNDED:
        top += size // 32
    layer = Image.new("RGBA", (size, size))
    layer.paste(Image.fromarray(rgba).resize((side, side), Image.Resampling.LANCZOS), (left, top))
    drawn = np.asarray(layer).astype(np.float32)
    alpha = drawn[..., 3:] / 255
    return (drawn[..., :3] * alpha + backdrop * (1 - alpha)).clip(0, 255).astype(np.uint8)


def examples(sprites: Sequence[Sprite], count: int, size: int, seed: int) -> Iterator[Example]:
    """``count`` examples that go round the sprites in turn, so that every concept is seen equally often."""
    rng = random.Random(seed)
    for index in range(count):
        what = choose_composition(sprites[index % len(sprites)], rng)
        pixels = compose(what, size, rng)
        words = tuple(
            caption(rng.choice(what.sprite.names), what.tint, what.colour, what.scene, what.sprite.tags, rng)
            for _ in range(CAPTIONS_EACH)
        )
        yield Example(what, pixels, words)
