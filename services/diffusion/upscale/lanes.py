"""Where tiles are worked on: a few threads that all jobs share, beside the sampling engine's."""

import asyncio
import functools
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from PIL import Image

from services.diffusion.pulse import Pulse
from services.diffusion.upscale.tiles import Piece, Tile, cut, enlarge
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
        done: Callable[[Tile, Piece], Awaitable[None]],
    ) -> Image.Image:
        """An RGB picture made larger; `done` is told of every tile, in order. Raises `Cancelled` between tiles."""
        result = Image.new("RGB", (image.width * loaded.scale, image.height * loaded.scale))
        running: deque[tuple[Tile, asyncio.Future[Piece]]] = deque()

        async def put_first() -> None:
            tile, future = running.popleft()
            piece = await self._made(future, job)
            piece.put(result)
            await done(tile, piece)

        try:
            for tile in cut(*image.size, side):
                running.append((tile, self._submit(enlarge, image, tile, loaded)))
                if len(running) == self.count:
                    await put_first()
            while running:
                await put_first()
        finally:
            for _, future in running:
                future.cancel()
        return result

    def _submit(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> "asyncio.Future[T]":
        def work() -> T:
            self._pulse.beat()
            try:
                return function(*arguments, **named)
            finally:
                self._pulse.beat()

        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _made(self, future: "asyncio.Future[Piece]", job: Job) -> Piece:
        try:
            while not (await asyncio.wait({future}, timeout=_LOOK_S))[0]:
                job.check()
                if time.monotonic() - self._pulse.at < _TILE_PATIENCE_S:
                    job.alive()
            job.check()
            return future.result()
        finally:
            future.cancel()


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
