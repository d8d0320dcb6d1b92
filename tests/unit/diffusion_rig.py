"""The starter model, loaded once per test process, and a way to sample with it and gather what is told."""

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from services.diffusion.acceleration import Acceleration
from services.diffusion.engine import Engine
from services.diffusion.foreign import ForeignModel
from services.diffusion.gate import Gate
from services.diffusion.generation import Ended, Generation, Happening, Made, Previewed, Stepped
from services.diffusion.loading import LoadOptions, load
from services.diffusion.model import Model
from services.diffusion.models import Loaded
from services.diffusion.pulse import Pulse
from services.diffusion.sampling import Sampling
from services.diffusion.settings import STARTER

PATIENCE_S = 300.0

APPLE = Generation(
    prompt="a red apple on a blue background",
    negative_prompt="",
    width=64,
    height=64,
    steps=6,
    cfg_scale=7.0,
    sampler="dpmpp_2m",
    seed=42,
)


@functools.cache
def starter() -> Model:
    """The starter model on two lanes, so that dealing work to lanes is tested on any machine."""
    model = load("starter", str(STARTER), LoadOptions(device="cpu", cores=2), Pulse(), Gate())
    assert isinstance(model, Model)
    return model


def loaded_of_any_kind(folder: Path, acceleration: Acceleration | None = None) -> Loaded:
    """A model of a test's own making."""
    options = LoadOptions(device="cpu", cores=2, acceleration=acceleration or Acceleration())
    return load("own", str(folder), options, Pulse(), Gate())


def loaded(folder: Path) -> Model | ForeignModel:
    """The same, one of pictures."""
    model = loaded_of_any_kind(folder)
    assert isinstance(model, Model | ForeignModel)
    return model


@dataclass
class Told:
    """All that one request was told."""

    happenings: list[Happening] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    hook: Callable[[Happening], None] | None = None

    def __call__(self, happening: Happening) -> None:
        self.happenings.append(happening)
        if self.hook is not None:
            self.hook(happening)
        if isinstance(happening, Ended):
            self.over.set()

    @property
    def images(self) -> list[Image.Image]:
        """The pictures, by index."""
        made = sorted((h for h in self.happenings if isinstance(h, Made)), key=lambda h: h.index)
        return [h.image for h in made]

    @property
    def pixels(self) -> list[bytes]:
        """The pictures' pixels, by index."""
        return [image.tobytes() for image in self.images]

    @property
    def steps(self) -> list[Stepped]:
        """The steps told."""
        return [h for h in self.happenings if isinstance(h, Stepped)]

    @property
    def previews(self) -> list[Previewed]:
        """The previews told."""
        return [h for h in self.happenings if isinstance(h, Previewed)]

    @property
    def error(self) -> Exception | None:
        """Why it ended early."""
        ends = [h for h in self.happenings if isinstance(h, Ended)]
        assert len(ends) == 1, "the end is told once"
        return ends[0].error


def begin(engine: Engine, generation: Generation, model: Model | ForeignModel | None = None) -> tuple[Sampling, Told]:
    """Submit a request."""
    told = Told()
    return engine.submit(model or starter(), generation, told), told


def sample(engine: Engine, generations: Sequence[Generation], model: Model | ForeignModel | None = None) -> list[Told]:
    """Submit requests together and wait for all of them."""
    told = [begin(engine, generation, model)[1] for generation in generations]
    for one in told:
        assert one.over.wait(PATIENCE_S), "sampling did not end"
    return told


def apple(**changes: object) -> Generation:
    """The standard request, changed."""
    return replace(APPLE, **changes)  # pyright: ignore[reportArgumentType]
