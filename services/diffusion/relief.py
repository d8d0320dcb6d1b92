"""What is done when memory runs out: others make room, then the work is done in smaller parts, then it is given up."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import structlog

from services.diffusion.faults import OutOfMemory
from services.diffusion.model import Model

T = TypeVar("T")
Relief = Callable[[], bool]
"""Something that may help; False if there was nothing to be had of it."""

log = structlog.get_logger(__name__)


def is_out_of_memory(error: BaseException) -> bool:
    """True if an allocation failed, on whatever device."""
    import torch

    # On the CPU torch raises a bare RuntimeError.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def with_relief(work: Callable[[], T], reliefs: Sequence[Relief]) -> T:
    """Do something; where memory runs out, again after each of the reliefs that helps. Raises `OutOfMemory`."""
    for relief in (_nothing, *reliefs):
        if not relief():
            continue
        try:
            return work()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            log.warning("out_of_memory", error=str(error))
        # Only here is the error gone, and with it the frames that held what it could not add to.
        _collect()
    raise OutOfMemory("there is not enough memory for this picture, alone and in the smallest parts")


def _nothing() -> bool:
    return True


def _collect() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def sliced_attention(model: Model) -> Iterator[None]:
    """Within, the UNet attends one head after another: slower, in less memory, rounded a little otherwise."""
    processors, denoiser = dict(model.unet.attn_processors), model.denoiser
    model.unet.set_attention_slice("max")
    # For these few steps nothing is compiled.
    model.denoiser = model.unet
    try:
        yield
    finally:
        model.denoiser = denoiser
        model.unet.set_attn_processor(processors)
