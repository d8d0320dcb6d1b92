"""The upscalers: what they are good at, their scales, and where their weights lie."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.diffusion.upscale.network import Network
from services.kit.failures import Failure, ModelNotFound

SCALES = (2, 3, 4)
# Two are what a person compares; the largest takes 300 MB.
_KEPT_LOADED = 2


@dataclass(frozen=True)
class Upscaler:
    """A family of ncnn networks, one for each scale it was trained for."""

    name: str
    description: str
    weights: Mapping[int, str]
    """Scale → name of the .param and .bin files."""
    context: int
    """Pixels of its surroundings that a tile is given."""
    blend: int
    """How far, in pixels, a tile fades into its neighbours; 0 = it sees as far as it must to equal them."""
    tile: int
    """Side of its tiles, where a request does not say: a few seconds and a few hundred megabytes each."""
    default_scales: tuple[int, ...] = ()

    def native(self, scale: int) -> int:
        """The scale it works at for a wanted one: its own, or its next larger."""
        return min(own for own in self.weights if own >= scale)


UPSCALERS = (
    Upscaler(
        "realesr-animevideov3",
        "Drawings and videos; gentle on photos. Fast.",
        {scale: f"realesr-animevideov3-x{scale}" for scale in SCALES},
        # Eighteen convolutions of 3 × 3 see 18 pixels far, the resampling at its end one more: tiles are exact.
        context=20,
        blend=0,
        tile=256,
        default_scales=(2, 3),
    ),
    Upscaler(
        "realesrgan-x4plus",
        "Photos: invents plausible detail. Some twenty times slower.",
        {4: "realesrgan-x4plus"},
        # Its hundreds of convolutions see further than can be paid for, so neighbours differ a little.
        context=16,
        blend=8,
        tile=96,
        default_scales=(4,),
    ),
    Upscaler(
        "realesrgan-x4plus-anime",
        "Drawings: crisp lines. Some ten times slower.",
        {4: "realesrgan-x4plus-anime"},
        context=16,
        blend=8,
        tile=96,
    ),
)


class WeightsMissing(Failure):
    """The weights are not there (yet)."""

    code = "weights_missing"
    retryable = True


@dataclass(frozen=True)
class Loaded:
    """An upscaler ready for one scale."""

    upscaler: Upscaler
    network: Network
    hash: str
    """SHA-256 over its network and weights, hex."""
    scale: int
    """The wanted one."""


@dataclass
class Upscalers:
    """Those of one folder."""

    folder: Path
    _loaded: OrderedDict[str, tuple[Network, str]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def missing(self, upscaler: Upscaler) -> str:
        """Why an upscaler cannot be used; empty if it can."""
        gone = [path.name for name in upscaler.weights.values() for path in self._files(name) if not path.is_file()]
        return f"{', '.join(gone)} not in {self.folder}" if gone else ""

    def chosen(self, name: str, scale: int, *, video: bool) -> Upscaler:
        """The upscaler of that name, or the default. Raises `ModelNotFound`."""
        if not name:
            return UPSCALERS[0] if video else next(one for one in UPSCALERS if scale in one.default_scales)
        for one in UPSCALERS:
            if one.name == name:
                return one
        raise ModelNotFound.of(name, [one.name for one in UPSCALERS], task="upscaling")

    def load(self, upscaler: Upscaler, scale: int) -> Loaded:
        """Its network for a scale; blocks while it is read. Raises `WeightsMissing`."""
        if missing := self.missing(upscaler):
            raise WeightsMissing(
                f"The weights of {upscaler.name} are not there: {missing}.",
                hint="`make run` fetches them once, which needs the network; ATELIER_DIFFUSION_UPSCALERS names another "
                "folder.",
            )
        name = upscaler.weights[upscaler.native(scale)]
        with self._lock:
            if name not in self._loaded:
                param, weights = self._files(name)
                digest = hashlib.sha256(param.read_bytes() + weights.read_bytes()).hexdigest()
                self._loaded[name] = Network(param, weights), digest
                while len(self._loaded) > _KEPT_LOADED:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(name)
            network, digest = self._loaded[name]
        return Loaded(upscaler, network, digest, scale)

    def _files(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.param", self.folder / f"{name}.bin"
