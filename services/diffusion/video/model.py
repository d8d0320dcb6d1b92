"""Models that make frames themselves (AnimateDiff, Stable Video Diffusion, Wan, LTX): run by diffusers, one window of
frames at a time."""

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from services.diffusion.acceleration import forget_run
from services.diffusion.faults import CannotSample
from services.diffusion.generation import Generation
from services.diffusion.model import ModelCard
from services.diffusion.samplers import SAMPLERS


@dataclass(frozen=True)
class Kind:
    """What must be known of a pipeline besides what it says itself."""

    frames: int
    """How many it makes in one go, where its configuration does not say; what its model was trained on."""
    samplers: bool = False
    """True if it is sampled as a model of pictures is, and so with any sampler."""
    every: int = 1
    """It makes a multiple of this and one: frames per latent."""
    multiple: int = 8
    """Sides of a frame are multiples of this."""
    size: tuple[int, int] | None = None
    """Width and height it was trained for, where its configuration does not say."""


# By the class in model_index.json.
KINDS = {
    "AnimateDiffPipeline": Kind(frames=16, samplers=True),
    "StableVideoDiffusionPipeline": Kind(frames=14, multiple=64, size=(1024, 576)),
    "WanPipeline": Kind(frames=81, every=4, multiple=16, size=(832, 480)),
    "WanImageToVideoPipeline": Kind(frames=81, every=4, multiple=16, size=(832, 480)),
    "LTXPipeline": Kind(frames=97, every=8, multiple=32, size=(704, 512)),
    "LTXImageToVideoPipeline": Kind(frames=97, every=8, multiple=32, size=(704, 512)),
}


@dataclass(frozen=True)
class Window:
    """Frames to be made in one go."""

    frames: int
    fps: int
    motion: float
    """0 to 1."""


class _Stopped(Exception):
    """Cancelled within a step."""


class VideoModel:
    """A diffusers pipeline that makes frames, as it is."""

    def __init__(self, name: str, source: str, weights_hash: str, pipeline: Any, threads: int) -> None:
        """Read its native size out of the pipeline."""
        self.pipeline = pipeline
        self.threads = threads
        self.kind = KINDS[type(pipeline).__name__]
        self._accepted = inspect.signature(pipeline.__call__).parameters
        denoiser = getattr(pipeline, "unet", None)
        config = getattr(denoiser, "config", None)
        if self.kind.size is not None:
            width, height = self.kind.size
        else:
            width = height = int(getattr(config, "sample_size", None) or 64) * int(pipeline.vae_scale_factor)
        self.card = ModelCard(
            name=name,
            source=source,
            hash=weights_hash,
            native_width=width,
            native_height=height,
            multiple=self.kind.multiple,
            device=str(pipeline.device),
        )
        self._frames = int(getattr(config, "num_frames", None) or self.kind.frames)

    @property
    def takes_picture(self) -> bool:
        """True if it begins with a picture; it cannot do without, then."""
        return "image" in self._accepted

    @property
    def takes_words(self) -> bool:
        """True if a prompt plays a part."""
        return "prompt" in self._accepted

    def window(self, wanted: int) -> int:
        """How many frames to make in one go where `wanted` are still to come."""
        every = self.kind.every
        needed = every * -(-(max(wanted, 2) - 1) // every) + 1
        most = every * ((self._frames - 1) // every) + 1
        return min(needed, most)

    def film(
        self,
        generation: Generation,
        window: Window,
        on_step: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> list[Image.Image] | None:
        """Make a window of frames, telling each step done, and of how many; None if it was cancelled on the way."""
        import torch

        if self.takes_picture and generation.source is None:
            raise CannotSample("model", f"{self.card.name} makes videos from a picture; ask for image-to-video")
        torch.set_num_threads(self.threads)
        forget_run(self.pipeline)
        # A copy with its own scheduler: schedulers hold the state of one run.
        pipeline = copy.copy(self.pipeline)
        if self.kind.samplers:
            pipeline.scheduler = SAMPLERS[generation.sampler].build(self.pipeline.scheduler.config)
        else:
            pipeline.scheduler = copy.deepcopy(self.pipeline.scheduler)

        def step_end(running: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            on_step(step + 1, getattr(running, "num_timesteps", generation.steps))
            if cancelled():
                # Not every one of these loops can be interrupted otherwise.
                raise _Stopped
            return tensors

        wanted = {
            "image": generation.source.image if generation.source else None,
            "prompt": generation.wording(0).words,
            "negative_prompt": generation.wording(0).negative_prompt or None,
            "width": generation.width,
            "height": generation.height,
            "num_frames": window.frames,
            "num_inference_steps": generation.steps,
            "guidance_scale": generation.cfg_scale,
            # Stable Video Diffusion: frames a second and strength of motion are conditions (0 to 255).
            "fps": window.fps,
            "motion_bucket_id": round(255 * window.motion),
            "decode_chunk_size": 4,
            # LTX: the pace it makes frames for.
            "frame_rate": window.fps,
            "generator": torch.Generator("cpu").manual_seed(generation.seed),
            "callback_on_step_end": step_end,
            "output_type": "pil",
        }
        try:
            made = pipeline(**{k: v for k, v in wanted.items() if k in self._accepted and v is not None})
        except _Stopped:
            return None
        return None if cancelled() else list(made.frames[0])
