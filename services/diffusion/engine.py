"""The engine: one thread that, step by step, moves every picture in the works.

Each tick takes up to a batch of pictures of one model and size, wherever each is in its own schedule, evaluates the
UNet once for all of them and lets each picture's own scheduler take its step. So a newcomer joins at the next tick, a
cancelled request is gone at the next tick, and different samplers, steps, prompts and guidance share a batch.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING

import structlog

from services.diffusion.denoise import Batching, predict, predicted_clean
from services.diffusion.faults import EngineFault
from services.diffusion.foreign import ForeignModel
from services.diffusion.gate import Gate
from services.diffusion.generation import Filmed, Generation, Made, Previewed, Stepped, Tell
from services.diffusion.latents import decode
from services.diffusion.model import Model
from services.diffusion.picture import Picture
from services.diffusion.pulse import Pulse
from services.diffusion.relief import Relief, is_out_of_memory, sliced_attention, with_relief
from services.diffusion.sampling import Sampling, choose
from services.diffusion.video.model import VideoModel, Window

if TYPE_CHECKING:
    import torch
    from PIL import Image

log = structlog.get_logger(__name__)

# Previews waiting to be drawn; when there are more the latest are left out: they are only previews.
_PREVIEWS_WAITING = 16


class Engine:
    """Samples pictures. `submit` from any thread; everything is told through each request's own `tell`."""

    def __init__(
        self,
        *,
        cores: int,
        batch: int = 8,
        batching: Batching = "exact",
        gate: Gate | None = None,
        make_room: Callable[[str], int] = lambda keep: 0,
    ) -> None:
        """`batch` is the most pictures sampled in one go, `cores` the CPU threads there are. `make_room` puts models
        that nobody uses out of memory, but for the one of this name, and says how many bytes that gave."""
        self.pulse = Pulse()
        self._make_room = make_room
        self.gate = gate or Gate()
        self._batch = batch
        self._batching: Batching = batching
        self._requests: list[Sampling] = []
        self._changed = threading.Condition()
        self._closing = False
        self._lanes = ThreadPoolExecutor(cores, thread_name_prefix="lane")
        # Decoding and drawing previews go on beside the sampling, in order.
        self._finisher = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._foreign = ThreadPoolExecutor(1, thread_name_prefix="foreign")
        self._previews = threading.BoundedSemaphore(_PREVIEWS_WAITING)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def submit(self, model: Model | ForeignModel, generation: Generation, tell: Tell) -> Sampling:
        """Begin a request; `tell` is called from the engine's threads until `Ended`."""
        sampling = Sampling(model, generation, tell)
        if isinstance(model, ForeignModel):
            self._foreign.submit(self._sample_foreign, model, sampling)
            return sampling
        with self._changed:
            self._requests.append(sampling)
            self._changed.notify()
        return sampling

    def film(self, model: VideoModel, generation: Generation, window: Window, tell: Tell) -> Sampling:
        """Begin a window of frames of a model that makes them; told as `Filmed`."""
        sampling = Sampling(model, generation, tell)
        self._foreign.submit(self._film, model, sampling, window)
        return sampling

    def close(self) -> None:
        """End after the present step; requests under way are cancelled."""
        with self._changed:
            self._closing = True
            for sampling in self._requests:
                sampling.cancel()
            self._changed.notify()
        self._thread.join()
        for pool in (self._lanes, self._finisher, self._foreign):
            pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while self._turn():
            pass

    def _turn(self) -> bool:
        """One tick; false at the end. A function of its own, so that nothing of the last tick, its model least of all,
        is held while there is nothing to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._requests)
            self._requests, gone = _sort_out(self._requests)
            waiting = list(self._requests)
            closing = self._closing
        for sampling in gone:
            sampling.end()
        if closing:
            return False
        if waiting:
            with self.gate.passing():
                self._tick(waiting)
            self.pulse.beat()
        return True

    # --- a tick -------------------------------------------------------------------------------------------------------

    def _tick(self, waiting: Sequence[Sampling]) -> None:
        ready = [sampling for sampling in waiting if self._ready(sampling)]
        if not ready:
            return
        model, chosen = choose(ready, self._batch)
        for sampling, _ in chosen:
            sampling.served_at = time.monotonic()
        if len(chosen) == 1:
            self._step_alone(model, *chosen[0])
            return
        try:
            self._step(model, chosen)
            return
        except Exception as error:
            log.warning("batch_failed", pictures=len(chosen), error=str(error))
            if is_out_of_memory(error):
                self._batch = max(1, len(chosen) // 2)
        # One of them may be at fault, or all together too big: each on its own tells.
        for sampling, picture in chosen:
            if not sampling.over and not picture.done:
                self._step_alone(model, sampling, picture)

    def _step_alone(self, model: Model, sampling: Sampling, picture: Picture) -> None:
        try:
            with_relief(lambda: self._step(model, [(sampling, picture)]), self._reliefs(sampling))
        except Exception as error:
            self._fail(sampling, error)

    def _reliefs(self, sampling: Sampling) -> tuple[Relief, ...]:
        return lambda: self._make_room(sampling.model.card.name) > 0, sampling.spare

    def _ready(self, sampling: Sampling) -> bool:
        try:
            with_relief(sampling.prepare, self._reliefs(sampling))
            return bool(sampling.active)
        except Exception as error:
            self._fail(sampling, error)
            return False

    def _step(self, model: Model, chosen: Sequence[tuple[Sampling, Picture]]) -> None:
        import torch

        sparing = sliced_attention(model) if chosen[0][0].sparing else nullcontext()
        with torch.inference_mode(), sparing:
            outputs = predict(model, [picture for _, picture in chosen], self._lanes, self._batching)
            stepped: list[tuple[Sampling, Picture]] = []
            for (sampling, picture), output in zip(chosen, outputs, strict=True):
                before = picture.step
                if sampling.preview_due(picture):
                    self._preview(model, sampling, picture, predicted_clean(model, picture, output))
                picture.advance(output)
                if picture.step != before:
                    stepped.append((sampling, picture))
                if picture.done:
                    sampling.sampled(picture)
                    self._finisher.submit(self._finish, model, sampling, picture)
        paces = {id(s): (s.fraction, s.pace(s.fraction)) for s in {id(s): s for s, _ in stepped}.values()}
        for sampling, picture in stepped:
            fraction, eta_s = paces[id(sampling)]
            sampling.tell(Stepped(picture.index, picture.step, picture.steps, fraction, eta_s))

    def _fail(self, sampling: Sampling, error: Exception) -> None:
        log.error("sampling_failed", exc_info=error)
        sampling.end(_as_fault(error))

    # --- beside the sampling ------------------------------------------------------------------------------------------

    def _preview(self, model: Model, sampling: Sampling, picture: Picture, clean: "torch.Tensor") -> None:
        if not self._previews.acquire(blocking=False):
            return
        step = picture.next_step

        def draw() -> None:
            try:
                if not sampling.over:
                    sampling.tell(Previewed(picture.index, step, model.colours.webp(clean)))
            finally:
                self._previews.release()

        self._finisher.submit(draw)

    def _finish(self, model: Model, sampling: Sampling, picture: Picture) -> None:
        if sampling.over:
            sampling.end()
            return
        try:
            image = with_relief(lambda: decode(model, picture.latents, tiled=sampling.sparing), self._reliefs(sampling))
        except Exception as error:
            self._fail(sampling, error)
            return
        self.pulse.beat()
        sampling.made(Made(picture.index, picture.seed, image))

    def _sample_foreign(self, model: ForeignModel, sampling: Sampling) -> None:
        generation = sampling.generation
        for index in range(generation.count):

            def on_step(step: int, steps: int, index: int = index) -> None:
                done = (index * steps + step) / (generation.count * steps)
                sampling.tell(Stepped(index, step, steps, done, sampling.pace(done)))
                self.pulse.beat()

            def make(index: int = index) -> "Image.Image | None":
                with self.gate.passing():
                    return model.sample(generation, index, on_step, lambda: sampling.over)

            try:
                # Such a pipeline cannot be told to spare.
                image = with_relief(make, self._reliefs(sampling)[:1])
            except Exception as error:
                self._fail(sampling, error)
                return
            if image is None:
                sampling.end()
                return
            sampling.made(Made(index, generation.seed + index, image))

    def _film(self, model: VideoModel, sampling: Sampling, window: Window) -> None:
        def on_step(step: int, steps: int) -> None:
            sampling.tell(Stepped(0, step, steps, step / steps, sampling.pace(step / steps)))
            self.pulse.beat()

        def film() -> "Sequence[Image.Image] | None":
            with self.gate.passing():
                return model.film(sampling.generation, window, on_step, lambda: sampling.over)

        try:
            frames = with_relief(film, self._reliefs(sampling)[:1])
        except Exception as error:
            self._fail(sampling, error)
            return
        if frames is not None:
            sampling.tell(Filmed(tuple(frames)))
        sampling.end()


def _sort_out(requests: Sequence[Sampling]) -> tuple[list[Sampling], list[Sampling]]:
    """Those still to be sampled, and those that were cancelled; requests with nothing left to sample just drop out."""
    going = [s for s in requests if not s.over and not s.all_sampled]
    return going, [s for s in requests if s.cancelled]


def _as_fault(error: Exception) -> EngineFault:
    if isinstance(error, EngineFault):
        return error
    return EngineFault(f"{type(error).__name__}: {error}")
