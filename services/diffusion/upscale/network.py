"""A Real-ESRGAN network, run by ncnn on one thread."""

import importlib
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.diffusion.faults import CannotLoad, EngineFault, OutOfMemory

Pixels: TypeAlias = NDArray[np.uint8]
"""[height, width, 3], RGB."""

# ncnn's way to say that an allocation failed.
_NO_MEMORY = -100


class Network:
    """Makes pixels larger by a fixed scale. Any number of threads may call it at once."""

    def __init__(self, param: Path, weights: Path) -> None:
        """Read it; raises `CannotLoad`."""
        net: Any = _ncnn().Net()
        options = net.opt
        options.use_vulkan_compute = False
        # Layers of 64 channels are too small to be dealt to several threads; several tiles go side by side instead.
        options.num_threads = 1
        # Full precision, so that a result does not depend on what the processor can do in half.
        options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = False
        options.use_bf16_storage = False
        for load, path in ((net.load_param, param), (net.load_model, weights)):
            if load(str(path)) != 0:
                raise CannotLoad(f"{path} cannot be read as ncnn weights")
        self._net = net

    def __call__(self, pixels: Pixels) -> Pixels:
        """The pixels made larger. Raises `EngineFault`."""
        # ncnn does not copy what it is given: the array must live as long as the extractor works on it.
        planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float32) / 255
        extractor = self._net.create_extractor()
        extractor.input("data", _ncnn().Mat(planes))
        code, output = extractor.extract("output")
        if code == _NO_MEMORY:
            raise OutOfMemory("There is not enough memory for a tile.")
        if code != 0:
            raise EngineFault(f"ncnn could not compute a tile (code {code}).")
        values = np.asarray(output).clip(0.0, 1.0) * 255
        return values.round().astype(np.uint8).transpose(1, 2, 0)


def _ncnn() -> Any:
    """Imported where it is first needed, and untyped: it finds its classes in a compiled part."""
    return importlib.import_module("ncnn")
