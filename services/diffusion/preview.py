"""Small live previews of latents, without the decoder's cost."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    import torch

_LONGEST = 256
"""Pixels of a preview's longer side, at most."""
_MAX_BYTES = 8 * 1024


@dataclass(frozen=True)
class LatentColours:
    """A linear map from a latent's channels to the mean colour of the patch it stands for."""

    matrix: "torch.Tensor"
    """[channels + 1, 3] float32 on the CPU; the last row is the constant part."""
    scale: int
    """Pixels per latent."""

    def picture(self, latents: "torch.Tensor") -> Image.Image:
        """The colours of one latent [1, channels, height, width], at the size of the latent."""
        import torch

        flat = latents[0].float().cpu().permute(1, 2, 0)
        ones = torch.ones((*flat.shape[:2], 1))
        colours = (torch.cat([flat, ones], dim=-1) @ self.matrix).clamp(0, 1)
        return Image.fromarray((colours * 255).round().to(torch.uint8).numpy())

    def webp(self, latents: "torch.Tensor") -> bytes:
        """A WebP file of at most 8 kB showing the latents at the picture's size, at most 256 pixels long."""
        small = self.picture(latents.nan_to_num())
        return webp(small, self.scale)


def webp(image: Image.Image, scale: float = 1.0) -> bytes:
    """A picture `scale` times as large, but at most 256 pixels long, as a WebP file of at most 8 kB."""
    zoom = min(scale, _LONGEST / max(image.size))
    size = (max(1, round(image.width * zoom)), max(1, round(image.height * zoom)))
    resized = image.resize(size, Image.Resampling.BICUBIC)
    for quality in (80, 60, 40, 20):
        data = io.BytesIO()
        resized.save(data, "WEBP", quality=quality, method=2)
        if data.tell() <= _MAX_BYTES:
            break
    return data.getvalue()


def fit_colours(vae: Any, scale: int, *, seed: int = 0) -> LatentColours:
    """Learn the map from the VAE itself, by least squares: encode drawings of random colours, compare their patches.

    `scale` is pixels per latent. Takes about a second for Stable Diffusion's VAE on a CPU.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    cells = 16
    # Blobs of two sizes and flat fields: what pictures are made of, as far as mean colours go.
    coarse = [torch.rand((6, 3, n, n), generator=generator) for n in (1, 2, 4)]
    images = torch.cat([torch.nn.functional.interpolate(c, size=(cells * scale,) * 2, mode="bilinear") for c in coarse])
    with torch.inference_mode():
        encoded = vae.encode((images * 2 - 1).to(vae.device, vae.dtype)).latent_dist.mean.float().cpu()
    config = vae.config
    mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is not None and std is not None:
        shape = (1, -1, 1, 1)
        encoded = (encoded - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)
    encoded = encoded * config.scaling_factor
    wanted = torch.nn.functional.avg_pool2d(images, scale).permute(0, 2, 3, 1).reshape(-1, 3)
    given = encoded.permute(0, 2, 3, 1).reshape(len(wanted), -1)
    given = torch.cat([given, torch.ones((len(given), 1))], dim=1)
    return LatentColours(torch.linalg.lstsq(given, wanted).solution, scale)
