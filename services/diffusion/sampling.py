"""One request on its way through the engine, and which pictures get the next step."""

import threading
import time
from collections.abc import Sequence

from services.diffusion import latents
from services.diffusion.foreign import ForeignModel
from services.diffusion.generation import Ended, Generation, Happening, Made, Noted, Tell
from services.diffusion.model import Model
from services.diffusion.picture import Conditions, Picture
from services.diffusion.video.model import VideoModel


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
        self._prepared = True
        model, generation = self.model, self.generation
        assert isinstance(model, Model)
        positive = model.text.encode(generation.prompt)
        negative = model.text.encode(generation.negative_prompt, negative=True)
        source = generation.source
        conditions = Conditions(
            positive,
            negative,
            begun=latents.encode(model, source.image) if source else None,
            kept=latents.kept(model, source.mask) if source and source.mask else None,
        )
        self.active = [Picture(model, generation, k, conditions) for k in range(generation.count)]
        for what, embedding in (("prompt", positive), ("negative prompt", negative)):
            if embedding.dropped:
                self.tell(Noted(f"The {what} is longer than the model can read; left out: {embedding.dropped}"))

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
    """The pictures of the next tick, at most `most`: of one model and size, namely the one that waited longest, and
    within it every request's first picture before any request's second."""
    first = min(waiting, key=lambda s: s.served_at)
    model = first.model
    assert isinstance(model, Model)
    shape = model.latent_shape(first.generation)
    alike = [s for s in waiting if s.model is model and model.latent_shape(s.generation) == shape]
    # Longest unserved first, so that with more requests than places each gets its turn.
    alike.sort(key=lambda s: s.served_at)
    chosen: list[tuple[Sampling, Picture]] = []
    for place in range(max(len(s.active) for s in alike)):
        for sampling in alike:
            if place < len(sampling.active) and len(chosen) < most:
                chosen.append((sampling, sampling.active[place]))
    return model, chosen
