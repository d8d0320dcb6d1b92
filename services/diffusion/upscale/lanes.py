"""Where tiles are worked on: a few threads that all jobs share, beside the sampling engine's."""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from PIL import Image

from services.diffusion.pulse import Pulse
from services.diffusion.upscale.tiles import Tile, cut, enlarge
from services.diffusion.upscale.upscalers import Loaded
from services.kit.job import Job

P = ParamSpec("P")
T = TypeVar("T")

# Each holds the layers of one tile, up to 800 MB; more of them would sooner end the memory than the work.
_MOST = 4
# How often a waiting job asks whether it was cancelled and whether anything still moves.
_LOOK_S = 0.25
# A tile that takes longer than this hangs, on however slow a machine.
_TILE_PATIENCE_S = 600.0


class Lanes:
    """Jobs put in no more tiles than there are lanes, so they take turns tile by tile."""

    def __init__(self, cores: int) -> None:
        """One per core, up to a few."""
        self.count = min(cores, _MOST)
        self._pulse = Pulse()
        self._threads = ThreadPoolExecutor(self.count, thread_name_prefix="tile")

    def close(self) -> None:
        """End after the tiles under way."""
        self._threads.shutdown(cancel_futures=True)

    async def enlarged(
        self,
        image: Image.Image,
        loaded: Loaded,
        side: int,
        job: Job,
        done: Callable[[Tile, Image.Image], Awaitable[None]],
    ) -> Image.Image:
        """An RGB picture made larger; `done` is told of every tile, in any order. Raises `Cancelled` between tiles."""
        scale = loaded.scale
        result = Image.new("RGB", (image.width * scale, image.height * scale))
        waiting = iter(cut(*image.size, side))
        running: dict[asyncio.Future[Image.Image], Tile] = {}
        try:
            while True:
                while len(running) < self.count and (tile := next(waiting, None)) is not None:
                    running[self._submit(enlarge, image, tile, loaded)] = tile
                if not running:
                    return result
                for future in await self._some(running, job):
                    tile, made = running.pop(future), future.result()
                    result.paste(made, (tile.left * scale, tile.top * scale))
                    await done(tile, made)
        finally:
            for future in running:
                future.cancel()

    def _submit(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> "asyncio.Future[T]":
        def work() -> T:
            self._pulse.beat()
            try:
                return function(*arguments, **named)
            finally:
                self._pulse.beat()

        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _some(
        self, running: "dict[asyncio.Future[Image.Image], Tile]", job: Job
    ) -> "set[asyncio.Future[Image.Image]]":
        while True:
            finished, _ = await asyncio.wait(running, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            job.check()
            if time.monotonic() - self._pulse.at < _TILE_PATIENCE_S:
                job.alive()
            if finished:
                return finished


async def aside(job: Job, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What blocks for longer than a moment, in a thread of its own; the job is alive meanwhile. Cancelled or not, it
    has ended when this returns: nobody closes a file that a thread is still working on."""
    work = asyncio.ensure_future(asyncio.to_thread(functools.partial(function, *arguments, **named)))
    try:
        while not (await asyncio.wait({work}, timeout=_LOOK_S))[0]:
            job.alive()
        job.check()
        return work.result()
    finally:
        await asyncio.wait({work})
