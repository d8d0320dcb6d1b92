"""What makes large models quicker on a GPU. All of it is off until a setting asks for it: it costs minutes at the first
picture of each size, or changes pixels a little."""

import threading
from dataclasses import dataclass
from typing import Any

import structlog

from services.diffusion.pulse import Pulse

log = structlog.get_logger(__name__)

# One graph for each size, length of prompt and number of rows; past torch's own limit of 8 it would quietly give up.
_MOST_GRAPHS = 64


@dataclass(frozen=True)
class Acceleration:
    """What is asked for."""

    compile: bool = False
    """The denoiser goes through `torch.compile`."""
    channels_last: bool = False
    """Convolutions keep a pixel's channels together, as tensor cores want them."""
    block_cache: float = 0.0
    """A transformer's later blocks are left out in steps in which its first one changed by less than this part."""


class Compiled:
    """A network through `torch.compile`; each new shape of inputs takes minutes of compiling.

    Hooks that a network gets afterwards are not part of it.
    """

    def __init__(self, network: Any, pulse: Pulse) -> None:
        """Compile nothing yet."""
        import torch

        torch._dynamo.config.recompile_limit = _MOST_GRAPHS
        # Graphs of one shape each: with those for any shape, bits would depend on which shapes came first.
        self._call: Any = torch.compile(network, dynamic=False)
        self._pulse = pulse
        self._seen: set[tuple[Any, ...]] = set()
        self._lock = threading.Lock()

    def __call__(self, sample: Any, *arguments: Any, encoder_hidden_states: Any, **others: Any) -> Any:
        """As the network itself."""
        shape = (*sample.shape, *encoder_hidden_states.shape)
        if shape not in self._seen:
            with self._lock, self._pulse.held():
                # Another lane may have compiled it meanwhile.
                if shape not in self._seen:
                    log.info("compiling", shape=list(sample.shape))
                    self._call(sample, *arguments, encoder_hidden_states=encoder_hidden_states, **others)
                    self._seen.add(shape)
        return self._call(sample, *arguments, encoder_hidden_states=encoder_hidden_states, **others)


def accelerated_unet(unet: Any, asked: Acceleration, pulse: Pulse) -> tuple[Any, tuple[str, ...]]:
    """What evaluates a UNet, and in which ways it is accelerated."""
    told: list[str] = []
    if asked.channels_last:
        _channels_last(unet)
        told.append("channels last")
    if asked.compile:
        told.append("compiled")
    return Compiled(unet, pulse) if asked.compile else unet, tuple(told)


def accelerate_pipeline(pipeline: Any, asked: Acceleration) -> tuple[str, ...]:
    """Accelerate a pipeline of diffusers in place; in which ways it now is."""
    from diffusers.hooks.first_block_cache import FirstBlockCacheConfig
    from diffusers.models.cache_utils import CacheMixin

    unet, transformer = getattr(pipeline, "unet", None), getattr(pipeline, "transformer", None)
    told: list[str] = []
    if asked.channels_last and unet is not None:
        _channels_last(unet)
        told.append("channels last")
    if asked.block_cache and isinstance(transformer, CacheMixin):
        transformer.enable_cache(FirstBlockCacheConfig(threshold=asked.block_cache))
        told.append(f"block cache {asked.block_cache:g}")
    denoiser: Any = transformer if transformer is not None else unet
    if asked.compile and denoiser is not None:
        _compile_in_place(denoiser)
        told.append("compiled")
    return tuple(told)


def forget_run(pipeline: Any) -> None:
    """Before a pipeline runs: what a run that was broken off left in the block cache is no part of the next one."""
    reset = getattr(getattr(pipeline, "transformer", None), "_reset_stateful_cache", None)
    if reset is not None:
        reset()


def _compile_in_place(denoiser: Any) -> None:
    import torch

    torch._dynamo.config.recompile_limit = _MOST_GRAPHS
    # Its blocks are alike: one of them is compiled for all, in seconds rather than minutes.
    if getattr(denoiser, "_repeated_blocks", None):
        denoiser.compile_repeated_blocks(dynamic=False)
    else:
        denoiser.compile(dynamic=False)


def _channels_last(network: Any) -> None:
    import torch

    network.to(memory_format=torch.channels_last)
