"""How far a video is, over sampling and rendering."""

import time

from services.kit.job import Job

# Of the time a video takes, the part that sampling takes, if anything is sampled.
_SAMPLING = 0.85


class Meter:
    """Steps of pictures (or windows of frames) and frames, added up."""

    def __init__(self, frames: int) -> None:
        """`pictures` is set once it is known."""
        self.frames = frames
        self.pictures = 0
        self._done = 0
        self._part = 0.0
        self._rendered = 0
        self._began = time.monotonic()

    def picture_done(self) -> None:
        """A picture took its last step."""
        self._done, self._part = self._done + 1, 0.0

    async def stepped(self, job: Job, step: int, steps: int) -> None:
        """The present picture took a step."""
        self._part = step / steps
        which = f", picture {self._done + 1} of {self.pictures}" if self.pictures > 1 else ""
        await job.progress(
            self.fraction,
            stage="sampling",
            message=f"Step {step} of {steps}{which}",
            step=step,
            steps=steps,
            eta_s=self._eta(),
        )

    async def rendered(self, job: Job, frames: int) -> None:
        """So many frames are written."""
        self._rendered = frames
        await job.progress(
            self.fraction,
            stage="rendering",
            message=f"Frame {frames} of {self.frames}",
            step=frames,
            steps=self.frames,
            eta_s=self._eta(),
        )

    @property
    def fraction(self) -> float:
        """Part done, 0 to 1."""
        rendered = self._rendered / self.frames
        if not self.pictures:
            return rendered
        return _SAMPLING * (self._done + self._part) / self.pictures + (1.0 - _SAMPLING) * rendered

    def _eta(self) -> float | None:
        done = self.fraction
        return (time.monotonic() - self._began) * (1.0 - done) / done if done > 0.02 else None
