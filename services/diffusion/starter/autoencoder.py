"""The autoencoder stages: the whole autoencoder from nothing, or its decoder alone on latents as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn

_POSTERIOR_STD = 0.06  # noise on unit-variance latents: the decoder learns to bear the denoiser's small errors
_DECODER_NOISE = 0.10  # the most that is added when the decoder is tuned alone


def to_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """uint8 (n, h, w, 3) to float32 (n, 3, h, w) in -1..1, channels last in memory."""
    tensor = torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
    return tensor.contiguous(memory_format=torch.channels_last)


def reconstruction_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Absolute and squared error, plus two terms without which small autoencoders fail in ways an eye sees at once:
    the error of each channel about their mean (else hues fade) and of neighbouring differences (else edges blur)."""
    error = made - wanted
    chroma = (error - error.mean(1, keepdim=True)).abs().mean()
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + error.square().mean() + chroma + 0.4 * edges


def _encoded(autoencoder: AutoencoderKL, pixels: Tensor) -> Tensor:
    """The posterior's mean, float32, unscaled."""
    return autoencoder.encode(pixels, return_dict=False)[0].mean.float()


def _decoded(autoencoder: AutoencoderKL, latents: Tensor) -> Tensor:
    return autoencoder.decode(cast(torch.FloatTensor, latents), return_dict=False)[0].float()


def _place(module: nn.Module, device: torch.device) -> None:
    module.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from the stubs


class AutoencoderObjective:
    """See `loop.Objective`. ``pixels`` is uint8 (n, size, size, 3), best memory-mapped."""

    def __init__(self, autoencoder: AutoencoderKL, pixels: NDArray[np.uint8], decoder_only: bool, device: torch.device):
        self._autoencoder = autoencoder
        _place(autoencoder, device)
        self._pixels = pixels
        self._decoder_only = decoder_only
        self._device = device

    def trained(self) -> nn.ModuleDict:
        if self._decoder_only:
            parts = {"decoder": self._autoencoder.decoder, "post_quant_conv": self._autoencoder.post_quant_conv}
            return nn.ModuleDict(parts)
        return nn.ModuleDict({"vae": self._autoencoder})

    def loss(self, batch: int, rng: torch.Generator) -> Tensor:
        chosen = torch.randint(len(self._pixels), (batch,), generator=rng)
        wanted = to_tensor(self._pixels[np.sort(chosen.numpy())]).to(self._device)
        with torch.set_grad_enabled(not self._decoder_only):
            mean = _encoded(self._autoencoder, wanted)
        noise = torch.randn(mean.shape, generator=rng).to(self._device)
        if self._decoder_only:
            strength = _DECODER_NOISE * torch.rand((batch, 1, 1, 1), generator=rng).to(self._device)
            return reconstruction_loss(_decoded(self._autoencoder, mean + strength * noise), wanted)
        made = _decoded(self._autoencoder, mean + _POSTERIOR_STD * noise)
        # In place of the usual KL term: latents of mean 0 and variance 1 per channel, none far out.
        centre, spread = mean.mean((0, 2, 3)), mean.std((0, 2, 3))
        stray = centre.square().mean() + (spread - 1).square().mean() + (mean.abs() - 4).clamp(min=0).mean()
        return reconstruction_loss(made, wanted) + 0.02 * stray


@dataclass(frozen=True)
class AutoencoderStage:
    """Train the autoencoder in ``folder``, all or its decoder alone, on the pictures in ``pixels_file`` (.npy)."""

    folder: Path
    pixels_file: Path
    decoder_only: bool

    def build(self, device: torch.device) -> AutoencoderObjective:
        pixels = np.load(self.pixels_file, mmap_mode="r")
        return AutoencoderObjective(AutoencoderKL.from_pretrained(self.folder), pixels, self.decoder_only, device)


@torch.no_grad()
def encode(autoencoder: AutoencoderKL, pixels: NDArray[np.uint8], device: torch.device, batch: int = 64) -> Tensor:
    """Mean latents, unscaled, float32 (n, 4, 16, 16) on the CPU."""
    _place(autoencoder, device)
    autoencoder.eval()
    pieces = (to_tensor(pixels[at : at + batch]).to(device) for at in range(0, len(pixels), batch))
    return torch.cat([_encoded(autoencoder, piece).cpu() for piece in pieces])


@torch.no_grad()
def normalise(autoencoder: AutoencoderKL, latents: Tensor) -> None:
    """Fold the mean and deviation per channel of ``latents`` into the 1x1 convolutions around the latent space.

    The denoiser then sees unit variance in every channel, with a scaling factor of 1, and decoding is unchanged. The
    log-variance half becomes the constant that training assumed.
    """
    mean, spread = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    inward, outward = autoencoder.quant_conv, autoencoder.post_quant_conv
    if not isinstance(inward, nn.Conv2d) or not isinstance(outward, nn.Conv2d):
        raise TypeError("the autoencoder has no quantisation convolutions to fold the statistics into")
    assert inward.bias is not None and outward.bias is not None
    channels = len(mean)
    inward.weight[:channels] /= spread.view(-1, 1, 1, 1)
    inward.bias[:channels] = (inward.bias[:channels] - mean) / spread
    inward.weight[channels:] = 0
    inward.bias[channels:] = 2 * math.log(_POSTERIOR_STD)
    outward.bias += outward.weight[:, :, 0, 0] @ mean
    outward.weight *= spread.view(1, -1, 1, 1)


@torch.no_grad()
def fidelity(autoencoder: AutoencoderKL, pixels: NDArray[np.uint8], device: torch.device) -> float:
    """Peak signal-to-noise ratio of pictures encoded and decoded again, in dB."""
    wanted = to_tensor(pixels).to(device)
    _place(autoencoder, device)
    autoencoder.eval()
    made = _decoded(autoencoder, _encoded(autoencoder, wanted)).clamp(-1, 1)
    return float(10 * torch.log10(4 / (made - wanted).square().mean()))
