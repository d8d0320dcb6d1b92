"""A loaded model: the components the sampling loop uses, and what must be known about them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.diffusion.adapters import Adapters
from services.diffusion.exactness import BatchProof
from services.diffusion.faults import CannotSample
from services.diffusion.generation import Generation

if TYPE_CHECKING:
    import torch

    from services.diffusion.preview import LatentColours
    from services.diffusion.text import TextEncoders


@dataclass(frozen=True)
class ModelCard:
    """What is told about a model."""

    name: str
    source: str
    hash: str
    """SHA-256 over its weights, hex."""
    native_width: int
    native_height: int
    """Pixels: `unet.config.sample_size` x the VAE's scale."""
    multiple: int
    """Width and height must be multiples of this: pixels per latent."""
    device: str
    accelerated: tuple[str, ...] = ()
    """In which ways that may change pixels; see `acceleration`."""

    def check_size(self, width: int, height: int, max_area: float) -> None:
        """Raise `CannotSample` for a size the model cannot or should not make."""
        for name, value in (("width", width), ("height", height)):
            if value % self.multiple:
                raise CannotSample(name, f"{value} is no multiple of {self.multiple}, which this model needs")
        most = int(self.native_width * self.native_height * max_area)
        if width * height > most:
            raise CannotSample(
                "width",
                f"{width}x{height} is more than this model may make here: {most} pixels "
                f"({max_area:g} times its native {self.native_width}x{self.native_height})",
            )


def size_of(*networks: Any) -> int:
    """Bytes of networks' weights."""
    return sum(weight.nbytes for network in networks for weight in network.parameters())


@dataclass
class Model:
    """A Stable Diffusion or SDXL model, taken apart."""

    card: ModelCard
    device: "torch.device"
    text: "TextEncoders"
    unet: Any
    denoiser: Any
    """What evaluates the UNet where no LoRA plays a part: itself, or a compiled form of it."""
    vae: Any
    scheduler_config: Mapping[str, Any]
    prediction_type: str
    """What the UNet predicts: "epsilon", "v_prediction" or "sample"."""
    alphas_cumprod: "torch.Tensor"
    """[T] float64 on the CPU: the part of the signal's variance left at each training timestep."""
    colours: "LatentColours"
    threads: int
    """CPU threads one UNet call uses."""
    lanes: int
    """UNet calls that run side by side."""
    proof: BatchProof = field(default_factory=BatchProof)
    vae_lock: threading.Lock = field(default_factory=threading.Lock)
    adapters: Adapters = field(init=False)
    """LoRAs on the UNet."""

    def __post_init__(self) -> None:
        """Stand ready to apply LoRAs."""
        self.adapters = Adapters(self.unet)

    @property
    def size(self) -> int:
        """Bytes of its weights."""
        return size_of(self.unet, self.vae, *self.text.modules)

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return int(self.vae.config.latent_channels)

    def latent_shape(self, generation: Generation) -> tuple[int, int, int]:
        """[channels, height, width] of one latent of this request."""
        scale = self.card.multiple
        return self.latent_channels, generation.height // scale, generation.width // scale
