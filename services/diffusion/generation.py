"""What is asked of the engine, and what it tells back. Plain values: the engine knows neither bus nor protobuf."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Source:
    """The picture a request begins with."""

    image: Image.Image
    """RGB, of the request's size."""
    strength: float
    """How much of it is made anew, over 0 to 1: the part of the steps that is taken (Meng et al. 2021, SDEdit,
    arXiv:2108.01073)."""
    mask: Image.Image | None = None
    """Mode L, of the request's size: what is white is made anew, what is black stays. None = all is made anew."""
    noise: "torch.Tensor | None" = field(default=None, compare=False)
    """[channels, height, width] float32 on the CPU, in latents: the noise it is made anew from. None = the seed's."""


@dataclass(frozen=True)
class Generation:
    """Settings of one request for pictures, complete: size, sampler and seed are chosen."""

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
    source: Source | None = None
    """None = from noise alone."""

    @property
    def guided(self) -> bool:
        """True if the unconditional prediction is needed."""
        return self.cfg_scale > 1.0

    @property
    def steps_taken(self) -> int:
        """Sampling steps of each picture: fewer where it begins with a picture."""
        return self.steps if self.source is None else max(1, int(self.steps * self.source.strength))


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
class Filmed:
    """Frames are ready."""

    frames: tuple[Image.Image, ...]


@dataclass(frozen=True)
class Ended:
    """Nothing more will be told. `error` is why it ended early, None if all pictures were made or it was cancelled."""

    error: Exception | None = None


Happening = Stepped | Previewed | Noted | Made | Filmed | Ended
Tell = Callable[[Happening], None]
"""Called from the engine's threads; must return at once."""
