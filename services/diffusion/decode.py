"""Latents to pixels."""

from typing import TYPE_CHECKING

from PIL import Image

from services.diffusion.faults import NotFinite
from services.diffusion.model import Model

if TYPE_CHECKING:
    import torch


def decode(model: Model, latents: "torch.Tensor") -> Image.Image:
    """The picture of one latent [1, channels, height, width]. One at a time, so that the kernels are always the same.

    Raises `NotFinite` if the latents are no numbers.
    """
    import torch

    if not torch.isfinite(latents).all():
        raise NotFinite("the sampler's result is not a number")
    torch.set_num_threads(model.threads)
    with torch.inference_mode(), model.vae_lock:
        pixels = model.vae.decode(_unscaled(model, latents).to(model.vae.dtype), return_dict=False)[0]
        # The same order of operations as diffusers' image processor, so that pixels are comparable.
        pixels = (pixels / 2 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
    return Image.fromarray((pixels * 255).round().astype("uint8"))


def _unscaled(model: Model, latents: "torch.Tensor") -> "torch.Tensor":
    import torch

    config = model.vae.config
    mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is None or std is None:
        return latents / config.scaling_factor
    shape = (1, -1, 1, 1)
    mean, std = (
        torch.tensor(mean, device=latents.device).view(shape),
        torch.tensor(std, device=latents.device).view(shape),
    )
    return latents * std / config.scaling_factor + mean
