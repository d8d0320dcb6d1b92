"""Memory that runs out: others make room, then smaller parts, then a clear failure; whoever else samples goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

from services.diffusion.engine import Engine
from services.diffusion.faults import OutOfMemory
from services.diffusion.generation import Noted
from tests.unit.diffusion_rig import apple, sample, starter

CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory")


@contextmanager
def failing(module: Any, error: Exception, times: int, *, from_size: int = 0) -> Iterator[list[int]]:
    """The first calls of a network with at least so many numbers fail as they do where memory is short."""
    failed: list[int] = []

    def refuse(called: Any, arguments: tuple[torch.Tensor, ...]) -> None:
        if arguments[0].numel() >= from_size and len(failed) < times:
            failed.append(arguments[0].numel())
            raise error

    handle = module.register_forward_pre_hook(refuse)
    try:
        yield failed
    finally:
        handle.remove()


@pytest.fixture
def room() -> list[str]:
    return []


@pytest.fixture
def engine(room: list[str]) -> Iterator[Engine]:
    def make_room(keep: str) -> int:
        room.append(keep)
        return 1 if len(room) == 1 else 0

    running = Engine(cores=1, batch=4, make_room=make_room)
    yield running
    running.close()


@pytest.mark.parametrize("error", [CUDA, CPU, MemoryError()])
def test_models_that_nobody_uses_make_room_and_the_picture_is_the_same(
    engine: Engine, room: list[str], error: Exception
) -> None:
    wanted = sample(engine, [apple(steps=2)])[0].pixels
    with failing(starter().unet, error, 1):
        told = sample(engine, [apple(steps=2)])[0]
    assert told.pixels == wanted and room == ["starter"]
    assert [s.step for s in told.steps] == [1, 2]
    assert not [h for h in told.happenings if isinstance(h, Noted)]


def test_then_it_is_made_in_smaller_parts_and_said_so(engine: Engine, room: list[str]) -> None:
    (wanted,) = sample(engine, [apple(steps=2)])[0].images
    processors = list(starter().unet.attn_processors.values())
    with failing(starter().unet, CUDA, 2):
        told = sample(engine, [apple(steps=2)])[0]
    assert told.error is None and room == ["starter"]
    difference = np.abs(np.asarray(told.images[0], dtype=int) - np.asarray(wanted, dtype=int))
    assert difference.max() <= 2
    (noted,) = [h for h in told.happenings if isinstance(h, Noted)]
    assert "smaller parts" in noted.text
    assert list(starter().unet.attn_processors.values()) == processors, "others are not slowed down"


def test_at_last_it_fails_with_advice_while_others_go_on(engine: Engine) -> None:
    fine = apple(steps=2, seed=1)
    wanted = sample(engine, [fine])[0].pixels
    with failing(starter().unet, CUDA, 1000, from_size=2 * 4 * 32 * 32):
        big, other = sample(engine, [apple(steps=2, width=128, height=128), fine])
    assert isinstance(big.error, OutOfMemory) and not big.error.retryable
    assert "smaller picture or fewer" in big.error.hint
    assert other.error is None and other.pixels == wanted


def test_a_batch_too_big_is_made_one_by_one(engine: Engine, room: list[str]) -> None:
    asked = [apple(steps=2, seed=seed) for seed in range(4)]
    wanted = [told.pixels for told in sample(engine, asked)]
    with failing(starter().unet, CUDA, 1000, from_size=4 * 4 * 16 * 16) as failed:
        told = sample(engine, asked)
    assert failed and [one.pixels for one in told] == wanted and not room


@pytest.mark.parametrize("times", [1, 2])
def test_decoding_is_relieved_in_the_same_way(engine: Engine, times: int) -> None:
    (wanted,) = sample(engine, [apple(steps=2)])[0].images
    with failing(starter().vae.decoder, CUDA, times):
        told = sample(engine, [apple(steps=2)])[0]
    assert told.error is None and len(told.images) == 1
    if times == 1:
        assert told.images[0].tobytes() == wanted.tobytes()
    assert starter().vae.use_tiling is (times == 2)
    assert sample(engine, [apple(steps=2)])[0].images[0].tobytes() == wanted.tobytes()


def test_reading_the_prompt_is_relieved_too(engine: Engine, room: list[str]) -> None:
    with failing(starter().text.modules[0].embeddings.token_embedding, CUDA, 1):
        told = sample(engine, [apple(steps=1, prompt="a fox nobody asked for yet")])[0]
    assert told.error is None and told.images and room == ["starter"]
