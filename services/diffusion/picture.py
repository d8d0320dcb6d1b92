"""One picture being sampled: its own latents, noise and scheduler, wherever it is in whatever batch."""

import inspect
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.diffusion.adapters import Part
from services.diffusion.generation import Generation
from services.diffusion.latents import drawn
from services.diffusion.model import Model
from services.diffusion.samplers import SAMPLERS
from services.diffusion.text import Embedding

if TYPE_CHECKING:
    import torch
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution


@dataclass(frozen=True)
class Conditions:
    """What the UNet is told besides the noise."""

    positive: Embedding
    negative: Embedding
    begun: "DiagonalGaussianDistribution | None" = None
    """The source, encoded."""
    kept: "torch.Tensor | None" = None
    """[1, 1, height, width]: 1 where the source's latents stay."""
    loras: tuple[Part, ...] = ()
    """What is added to the UNet's layers."""


class Picture:
    """The state of picture `index` of a request. Calls of `model_input`, `advance` alternate until `done`."""

    def __init__(self, model: Model, generation: Generation, index: int, conditions: Conditions) -> None:
        """Draw the noise, from a CPU generator with the picture's own seed, so that it is the same on every device."""
        import torch

        self.generation = generation
        self.index = index
        self.seed = generation.seed + index
        self.positive = conditions.positive
        self.negative = conditions.negative
        self.loras = conditions.loras
        self.shape = model.latent_shape(generation)
        # A compiled network knows no LoRAs, and rounds in its own way.
        apart = bool(self.loras) and model.denoiser is not model.unet
        self.alike = (*self.shape, self.positive.length, int(apart))
        """Pictures of which this is equal can share a batch."""
        self._generator = torch.Generator("cpu").manual_seed(self.seed)
        sampler = SAMPLERS[generation.sampler]
        self._scheduler = sampler.build(model.scheduler_config)
        self._scheduler.set_timesteps(generation.steps, device=model.device)
        self.steps = generation.steps_taken
        """Sampling steps it takes in all."""
        skipped = (generation.steps - self.steps) * self._scheduler.order
        self._timesteps = self._scheduler.timesteps[skipped:]
        self._step_options = dict(sampler.step_options)
        if "generator" in inspect.signature(self._scheduler.step).parameters:
            self._step_options["generator"] = self._generator
        begun = conditions.begun
        # The draws are in the order of diffusers' pipelines, and so the same.
        self._clean = drawn(model, begun, self._generator) if begun is not None else None
        own = torch.randn((1, *self.shape), generator=self._generator, dtype=torch.float32)
        given = generation.source.noise if generation.source else None
        self._noise = (own if given is None else given[None]).to(model.device)
        self._kept = conditions.kept
        self.latents: torch.Tensor = self._noise * self._scheduler.init_noise_sigma
        """[1, channels, height, width] float32 on the model's device."""
        if self._clean is not None:
            if hasattr(self._scheduler, "set_begin_index"):
                self._scheduler.set_begin_index(skipped)
            self.latents = self._noised(self._timesteps[0])
        self._evaluations = 0

    @property
    def guided(self) -> bool:
        """True if it takes two rows of a batch, unconditional and conditional."""
        return self.generation.guided

    @property
    def timestep(self) -> "torch.Tensor":
        """The training timestep (scalar, may be fractional) the UNet is to be told."""
        return self._timesteps[self._evaluations]

    @property
    def step(self) -> int:
        """Sampling steps done. Some samplers evaluate the UNet more than once a step."""
        return self._steps_after(self._evaluations)

    @property
    def next_step(self) -> int:
        """Sampling steps done after the next evaluation."""
        return self._steps_after(self._evaluations + 1)

    def _steps_after(self, evaluations: int) -> int:
        return math.floor(evaluations * self.steps / len(self._timesteps))

    @property
    def fraction(self) -> float:
        """Part done, 0 to 1."""
        return self._evaluations / len(self._timesteps)

    @property
    def done(self) -> bool:
        """True when the latents are the result."""
        return self._evaluations >= len(self._timesteps)

    def model_input(self) -> "torch.Tensor":
        """[1, channels, height, width]: the latents, scaled to unit variance as the UNet was trained."""
        return self._scheduler.scale_model_input(self.latents, self.timestep)

    def advance(self, output: "torch.Tensor") -> None:
        """Take the UNet's guided output [1, channels, height, width] and remove that much noise."""
        self.latents = self._scheduler.step(
            output, self.timestep, self.latents, return_dict=False, **self._step_options
        )[0]
        self._evaluations += 1
        if self._kept is not None and self._clean is not None:
            # What is to stay is put back, as noisy as the rest is by now (Lugmayr et al. 2022, arXiv:2201.09865).
            there = self._clean if self.done else self._noised(self.timestep)
            self.latents = self._kept * there + (1.0 - self._kept) * self.latents

    def _noised(self, timestep: "torch.Tensor") -> "torch.Tensor":
        """The source's latents as they look at a timestep."""
        return self._scheduler.add_noise(self._clean, self._noise, timestep.reshape(1))
