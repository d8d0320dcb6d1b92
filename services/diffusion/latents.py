"""Pixels to latents and back. One picture at a time, so that the kernels are always the same; in the order of
operations of diffusers' own pipelines, so that pixels can be compared."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from PIL import Image

from services.diffusion.faults import NotFinite
from services.diffusion.model import Model

if TYPE_CHECKING:
    import torch
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution


def decode(model: Model, latents: "torch.Tensor", *, tiled: bool = False) -> Image.Image:
    """The picture of one latent [1, channels, height, width], tile after tile if need be. Raises `NotFinite` if the
    latents are no numbers."""
    import torch

    if not torch.isfinite(latents).all():
        raise NotFinite("the sampler's result is not a number")
    moments = _moments(model.vae.config, latents.device)
    scale = model.vae.config.scaling_factor
    raw = latents / scale if moments is None else latents * moments[1] / scale + moments[0]
    torch.set_num_threads(model.threads)
    with torch.inference_mode(), _autoencoder(model, tiled):
        pixels = model.vae.decode(raw.to(model.vae.dtype), return_dict=False)[0]
        pixels = (pixels / 2 + 0.5).clamp(0, 1)[0].permute(1, 2, 0).float().cpu().numpy()
    return Image.fromarray((pixels * 255).round().astype("uint8"))


def encode(model: Model, image: Image.Image, *, tiled: bool = False) -> "DiagonalGaussianDistribution":
    """What the autoencoder makes of an RGB picture: a distribution; `drawn` takes latents from it."""
    import numpy as np
    import torch

    pixels = torch.from_numpy(np.asarray(image, dtype=np.float32) / 255.0).permute(2, 0, 1)[None]
    torch.set_num_threads(model.threads)
    with torch.inference_mode(), _autoencoder(model, tiled):
        return model.vae.encode((2.0 * pixels - 1.0).to(model.device, model.vae.dtype)).latent_dist


@contextmanager
def _autoencoder(model: Model, tiled: bool) -> Iterator[None]:
    """For one use of the autoencoder, which many share."""
    with model.vae_lock:
        model.vae.use_tiling = tiled
        yield


def drawn(model: Model, encoded: "DiagonalGaussianDistribution", generator: "torch.Generator") -> "torch.Tensor":
    """Latents [1, channels, height, width] float32 as the UNet knows them."""
    raw = encoded.sample(generator).float()
    moments = _moments(model.vae.config, raw.device)
    scale = model.vae.config.scaling_factor
    return raw * scale if moments is None else (raw - moments[0]) * scale / moments[1]


def kept(model: Model, mask: Image.Image) -> "torch.Tensor":
    """[1, 1, height, width] float32: 1 where a mode L mask is black and the latents shall stay, 0 where it is white."""
    import numpy as np
    import torch

    black = torch.from_numpy((np.asarray(mask) < 128).astype("float32"))[None, None]
    scale = model.card.multiple
    small = torch.nn.functional.interpolate(black, size=(mask.height // scale, mask.width // scale))
    return small.to(model.device)


def _moments(config: Any, device: "torch.device") -> "tuple[torch.Tensor, torch.Tensor] | None":
    """Mean and deviation per channel, [1, channels, 1, 1], of an autoencoder that has them."""
    import torch

    mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is None or std is None:
        return None
    shape = (1, -1, 1, 1)
    return torch.tensor(mean, device=device).view(shape), torch.tensor(std, device=device).view(shape)
