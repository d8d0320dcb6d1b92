"""The diffusion stage: text encoder and denoiser trained together on latents kept in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from services.diffusion.starter.networks import build_schedule, load_parts

_UNCONDITIONAL = 0.1  # share of examples shown without their caption, for classifier-free guidance


def velocity_loss(
    text_encoder: nn.Module,
    denoiser: nn.Module,
    signal: Tensor,
    latents: Tensor,
    tokens: Tensor,
    steps: Tensor,
    noise: Tensor,
) -> Tensor:
    """Squared error of the predicted velocity v = sqrt(a) noise - sqrt(1-a) latent, per example (n,).

    ``signal`` is a, the schedule's cumulative product (1000,); ``steps`` (n,) are indices into it.
    """
    kept = signal[steps].view(-1, 1, 1, 1)
    noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
    velocity = kept.sqrt() * noise - (1 - kept).sqrt() * latents
    states = text_encoder(tokens).last_hidden_state
    predicted = denoiser(noisy, steps, states).sample
    return F.mse_loss(predicted.float(), velocity, reduction="none").mean((1, 2, 3))


class DenoiserObjective:
    """Draws latents, captions, times and noise; see `loop.Objective`."""

    def __init__(self, parts_folder: Path, latents_file: Path, device: torch.device) -> None:
        parts = load_parts(parts_folder)
        self._modules = nn.ModuleDict({"text_encoder": parts.text_encoder, "unet": parts.denoiser})
        self._modules["unet"].to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        data = load_file(latents_file)
        # Latents are (n, 4, 16, 16) half, already scaled; tokens (n, captions, 77) int16; empty is the caption "".
        self._latents, self._tokens, self._empty = (data[name].to(device) for name in ("latents", "tokens", "empty"))
        self._signal = build_schedule().alphas_cumprod.to(device)
        self._device = device

    def trained(self) -> nn.ModuleDict:
        return self._modules

    def loss(self, batch: int, rng: torch.Generator) -> Tensor:
        chosen = torch.randint(len(self._latents), (batch,), generator=rng)
        wording = torch.randint(self._tokens.shape[1], (batch,), generator=rng)
        silent = torch.rand(batch, generator=rng) < _UNCONDITIONAL
        # Half the times uniform, half around the middle of the schedule, where shapes are decided and errors are large.
        middle = (torch.sigmoid(torch.randn(batch, generator=rng) * 0.8 + 0.3) * 1000).long().clamp(0, 999)
        uniform = torch.randint(1000, (batch,), generator=rng)
        steps = torch.where(torch.rand(batch, generator=rng) < 0.5, uniform, middle).to(self._device)
        noise = torch.randn((batch, *self._latents.shape[1:]), generator=rng).to(self._device)
        chosen, wording = chosen.to(self._device), wording.to(self._device)
        tokens = torch.where(silent.to(self._device)[:, None], self._empty, self._tokens[chosen, wording]).long()
        latents = self._latents[chosen].float()
        unet, text_encoder = self._modules["unet"], self._modules["text_encoder"]
        return velocity_loss(text_encoder, unet, self._signal, latents, tokens, steps, noise).mean()


@dataclass(frozen=True)
class DenoiserStage:
    """Train on the latents of ``latents_file`` (`autoencoder.encode`), starting from the parts in ``parts_folder``."""

    parts_folder: Path
    latents_file: Path

    def build(self, device: torch.device) -> DenoiserObjective:
        return DenoiserObjective(self.parts_folder, self.latents_file, device)
