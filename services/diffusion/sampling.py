"""One request on its way through the engine, and which pictures get the next step."""

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.diffusion import latents
from services.diffusion.foreign import ForeignModel
from services.diffusion.generation import Ended, Generation, Happening, Made, Noted, Tell
from services.diffusion.model import Model
from services.diffusion.picture import Conditions, Picture
from services.diffusion.video.model import VideoModel

if TYPE_CHECKING:
    import torch
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution


class Sampling:
    """A request's pictures: waiting, being sampled, sampled, made."""

    def __init__(self, model: Model | ForeignModel | VideoModel, generation: Generation, tell: Tell) -> None:
        """Nothing is computed yet."""
        self.model = model
        self.generation = generation
        self.served_at = 0.0
        """When it last got a step; monotonic seconds."""
        self._tell = tell
        self._lock = threading.Lock()
        self._over = False
        self.cancelled = False
        self.sparing = False
        """True once memory ran out: it is sampled alone, in smaller parts."""
        self.active: list[Picture] = []
        """The pictures that still need steps, in order."""
        self._prepared = False
        self._sampled = 0
        self._made = 0
        self._rate: float | None = None
        self._last: tuple[float, float] | None = None

    # --- its life -----------------------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Take no more steps; from any thread. `Ended` follows within a step."""
        self.cancelled = True

    @property
    def over(self) -> bool:
        """True if nothing of it is wanted any more."""
        return self._over or self.cancelled

    @property
    def all_sampled(self) -> bool:
        """True if only decoding is left."""
        return self._sampled == self.generation.count

    def tell(self, happening: Happening) -> None:
        """Pass on what happened, unless it ended."""
        if not self.over:
            self._tell(happening)

    def end(self, error: Exception | None = None) -> None:
        """Tell the end, once."""
        with self._lock:
            if self._over:
                return
            self._over = True
        self._tell(Ended(error))

    def spare(self) -> bool:
        """Go on in smaller parts; False if it does so already."""
        if self.sparing:
            return False
        self.sparing = True
        self.tell(
            Noted("Memory ran out; the rest is made in smaller parts: slower, and not to the last bit as it would be.")
        )
        return True

    def made(self, picture: Made) -> None:
        """A picture is ready; after the last one the request ends."""
        self.tell(picture)
        self._made += 1
        if self._made == self.generation.count:
            self.end()

    # --- its pictures -------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Encode the prompts and the source and draw the noise, if that is not done yet."""
        if self._prepared:
            return
        model, generation = self.model, self.generation
        assert isinstance(model, Model)
        source = generation.source
        begun = latents.encode(model, source.image, tiled=self.sparing) if source else None
        kept = latents.kept(model, source.mask) if source and source.mask else None
        self.active = [
            Picture(model, generation, k, self._conditions(model, k, begun, kept)) for k in range(generation.count)
        ]
        self._prepared = True

    def _conditions(
        self, model: Model, index: int, begun: "DiagonalGaussianDistribution | None", kept: "torch.Tensor | None"
    ) -> Conditions:
        said = self.generation.wording(index)
        # Without guidance the negative prompt plays no part, so it must not make the other one longer.
        negative = said.negative_prompt if self.generation.guided else ""
        parts = tuple(applied.on_unet for applied in said.loras)
        return Conditions(*model.text.pair(said.words, negative, said.loras), begun, kept, parts)

    def sampled(self, picture: Picture) -> None:
        """A picture took its last step."""
        self.active.remove(picture)
        self._sampled += 1

    def preview_due(self, picture: Picture) -> bool:
        """True if the step `picture` is about to end should be shown. The last one is shown as the result."""
        every, step = self.generation.preview_every, picture.next_step
        return every > 0 and step > picture.step and step % every == 0 and step < picture.steps

    # --- its progress -------------------------------------------------------------------------------------------------

    @property
    def fraction(self) -> float:
        """Part of all its steps done, 0 to 1."""
        return (self._sampled + sum(picture.fraction for picture in self.active)) / self.generation.count

    def pace(self, fraction: float) -> float | None:
        """Seconds left with `fraction` done, from a running mean of the pace; None at first. Call once a tick."""
        now = time.monotonic()
        last, self._last = self._last, (now, fraction)
        if last is not None and now > last[0] and fraction > last[1]:
            pace = (fraction - last[1]) / (now - last[0])
            self._rate = pace if self._rate is None else 0.7 * self._rate + 0.3 * pace
        return (1.0 - fraction) / self._rate if self._rate else None


def choose(waiting: Sequence[Sampling], most: int) -> tuple[Model, list[tuple[Sampling, Picture]]]:
    """The pictures of the next tick, at most `most`: such as can share a batch with the one that waited longest, and
    every request's first picture before any request's second."""
    first = min(waiting, key=lambda s: s.served_at)
    model = first.model
    assert isinstance(model, Model)
    if first.sparing:
        return model, [(first, first.active[0])]
    alike = first.active[0].alike
    # Longest unserved first, so that with more requests than places each gets its turn.
    fitting = [
        (sampling, [picture for picture in sampling.active if picture.alike == alike])
        for sampling in sorted(waiting, key=lambda s: s.served_at)
        if sampling.model is model and not sampling.sparing
    ]
    chosen: list[tuple[Sampling, Picture]] = []
    for place in range(max(len(pictures) for _, pictures in fitting)):
        for sampling, pictures in fitting:
            if place < len(pictures) and len(chosen) < most:
                chosen.append((sampling, pictures[place]))
    return model, chosen
