"""Pipelines whose loop is not ours (Stable Diffusion 3, Flux, LCM, PixArt…): run by diffusers, one at a time."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

from PIL import Image

from services.diffusion.acceleration import forget_run
from services.diffusion.faults import CannotSample
from services.diffusion.generation import Generation
from services.diffusion.model import ModelCard, size_of
from services.diffusion.samplers import SAMPLERS


class ForeignModel:
    """A diffusers text-to-image pipeline as it is."""

    def __init__(self, name: str, source: str, weights_hash: str, pipeline: Any, threads: int) -> None:
        """Read its native size out of the pipeline."""
        self.pipeline = pipeline
        self.threads = threads
        scale = int(getattr(pipeline, "vae_scale_factor", 8))
        denoiser = getattr(pipeline, "unet", None) or getattr(pipeline, "transformer", None)
        size = getattr(getattr(denoiser, "config", None), "sample_size", None) or getattr(
            pipeline, "default_sample_size", 64
        )
        height, width = (size, size) if isinstance(size, int) else size
        # Transformers see patches of latents, so a picture's side must be a multiple of a patch.
        patch = int(getattr(getattr(denoiser, "config", None), "patch_size", 1) or 1)
        self.card = ModelCard(
            name=name,
            source=source,
            hash=weights_hash,
            native_width=width * scale,
            native_height=height * scale,
            multiple=scale * patch,
            device=str(pipeline.device),
        )

    @property
    def size(self) -> int:
        """Bytes of its weights."""
        return size_of(*(part for part in self.pipeline.components.values() if hasattr(part, "parameters")))

    @property
    def choosable(self) -> list[str]:
        """The samplers this model can be run with; empty if it has its own."""
        compatible = {made.__name__ for made in getattr(self.pipeline.scheduler, "compatibles", [])}
        return [name for name, sampler in SAMPLERS.items() if sampler.scheduler in compatible]

    def _pipeline(self, generation: Generation) -> Any:
        """A pipeline for this request on the model's own parts; raises `CannotSample` if there is none."""
        if generation.source is None:
            return copy.copy(self.pipeline)
        from diffusers.pipelines.auto_pipeline import AutoPipelineForImage2Image, AutoPipelineForInpainting

        auto = AutoPipelineForInpainting if generation.source.mask is not None else AutoPipelineForImage2Image
        try:
            return auto.from_pipe(self.pipeline)
        except ValueError:
            what = "change a part of one" if generation.source.mask is not None else "begin with one"
            raise CannotSample("model", f"{self.card.name} makes pictures from words alone; it cannot {what}") from None

    def sample(
        self, generation: Generation, index: int, on_step: Callable[[int, int], None], cancelled: Callable[[], bool]
    ) -> Image.Image | None:
        """Make picture `index`, telling each step done, and of how many; None if it was cancelled on the way.

        The negative prompt, size and guidance are passed where the pipeline knows them.
        """
        import torch

        torch.set_num_threads(self.threads)
        forget_run(self.pipeline)
        # A copy with its own scheduler: schedulers hold the state of one run.
        pipeline, source = self._pipeline(generation), generation.source
        said = generation.wording(index)
        if generation.sampler in self.choosable:
            pipeline.scheduler = SAMPLERS[generation.sampler].build(self.pipeline.scheduler.config)
        else:
            pipeline.scheduler = copy.deepcopy(self.pipeline.scheduler)

        def step_end(running: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            # How many of the steps a source leaves differs between pipelines.
            on_step(step + 1, getattr(running, "num_timesteps", generation.steps_taken))
            if cancelled():
                running._interrupt = True
            return tensors

        wanted = {
            "prompt": said.words,
            "negative_prompt": said.negative_prompt or None,
            "width": generation.width,
            "height": generation.height,
            "num_inference_steps": generation.steps,
            "guidance_scale": generation.cfg_scale,
            "generator": torch.Generator("cpu").manual_seed(generation.seed + index),
            "callback_on_step_end": step_end,
            "image": source.image if source else None,
            "mask_image": source.mask if source else None,
            "strength": source.strength if source else None,
        }
        accepted = inspect.signature(pipeline.__call__).parameters
        images = pipeline(**{k: v for k, v in wanted.items() if k in accepted and v is not None}).images
        return None if cancelled() else images[0]
