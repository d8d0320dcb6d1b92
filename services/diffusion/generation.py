"""What is asked of the engine, and what it tells back. Plain values: the engine knows neither bus nor protobuf."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Generation:
    """Settings of one text-to-image request, complete: size, sampler and seed are chosen."""

    prompt: str
    negative_prompt: str
    width: int
    """Pixels; a multiple of the model's VAE scale."""
    height: int
    steps: int
    cfg_scale: float
    """Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598); up to 1 the negative prompt plays no part."""
    sampler: str
    seed: int
    """Seed of the first picture; picture k uses seed + k."""
    count: int = 1
    preview_every: int = 0
    """Steps between previews; 0 = none."""

    @property
    def guided(self) -> bool:
        """True if the unconditional prediction is needed."""
        return self.cfg_scale > 1.0


@dataclass(frozen=True)
class Stepped:
    """A picture made a step."""

    index: int
    step: int
    """Steps done, 1 to `steps`."""
    steps: int
    fraction: float
    """Part of the whole request done, 0 to 1, over all its pictures."""
    eta_s: float | None
    """Seconds left for the whole request, from the steps measured so far; None until two were."""


@dataclass(frozen=True)
class Previewed:
    """How a picture would look if the model's present guess were final."""

    index: int
    step: int
    image: bytes
    """A small WebP file."""


@dataclass(frozen=True)
class Noted:
    """Something the person who asked should know."""

    text: str


@dataclass(frozen=True)
class Made:
    """A picture is ready."""

    index: int
    seed: int
    image: Image.Image


@dataclass(frozen=True)
class Ended:
    """Nothing more will be told. `error` is why it ended early, None if all pictures were made or it was cancelled."""

    error: Exception | None = None


Happening = Stepped | Previewed | Noted | Made | Ended
Tell = Callable[[Happening], None]
"""Called from the engine's threads; must return at once."""
