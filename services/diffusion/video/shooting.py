"""One video on its way: pictures or windows of frames from the engine, frames under the camera, a file."""

import asyncio
import functools
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from atelier.v1.common_pb2 import Asset
from services.diffusion import animation, metadata, preview
from services.diffusion.animation import FrameWriter
from services.diffusion.engine import Engine
from services.diffusion.foreign import ForeignModel
from services.diffusion.generation import Filmed, Generation, Happening, Made, Noted, Previewed, Source, Stepped, Tell
from services.diffusion.model import Model
from services.diffusion.models import Loaded
from services.diffusion.sampling import Sampling
from services.diffusion.video.metering import Meter
from services.diffusion.video.model import VideoModel, Window
from services.diffusion.video.plan import Plan
from services.diffusion.video.reimagining import Reimagining
from services.diffusion.video.scene import changed
from services.kit.job import Job

T = TypeVar("T")
Begin = Callable[[Tell], Sampling]
Told = Callable[[Begin, Job], AsyncGenerator[Happening]]
"""Begins something in the engine and tells what happens until it ended, raising what it ended with."""
Draw = Callable[[], Image.Image]
"""One frame's picture, not drawn yet, as wide and high as the scene's canvas."""

# Frames drawn and written between two looks at whether they are still wanted.
_AT_ONCE = 6
_PREVIEWS = 10


def technique(model: Loaded, plan: Plan) -> str:
    """How its frames are made, for people."""
    if isinstance(model, VideoModel):
        return "video model"
    return "re-imagined still" if plan.motion > 0 else "camera move over a still"


class Shooting:
    """Films a plan once."""

    def __init__(self, job: Job, engine: Engine, told: Told, plan: Plan, generation: Generation) -> None:
        """`generation` has the working size; its source is the picture to begin with."""
        self._job = job
        self._engine = engine
        self._told = told
        self._plan = plan
        self._generation = generation
        self._meter = Meter(plan.frames)

    async def with_stills(
        self, model: Model | ForeignModel, picture: Image.Image | None, settings: dict[str, Any]
    ) -> Asset:
        """Film pictures of a model of pictures. `picture`: the one to begin with, of the scene's shape."""
        plan, generation = self._plan, self._generation
        again = Reimagining(plan.motion, plan.fps, plan.frames)
        self._meter.pictures = again.count + (picture is None)
        if picture is None:
            first = await self._sampled(model, replace(generation, source=None))
            whole = plan.scene.laid(first)
        else:
            assert generation.source is not None
            first, whole = generation.source.image, plan.scene.laid(picture)

        async def keyframe(k: int) -> Image.Image:
            noise = again.noise(model, generation, k) if isinstance(model, Model) else None
            # Where noise cannot be given, another seed stands for it.
            seed = generation.seed + (k if noise is None else 0)
            begun = Source(first, again.strength, noise=noise)
            made = await self._sampled(model, replace(generation, source=begun, seed=seed, preview_every=0))
            return await asyncio.to_thread(changed, whole, first, made)

        async def drawn() -> AsyncGenerator[Sequence[Draw]]:
            before, after = whole, whole
            for start, stop, k in again.stretches():
                before = after
                after = await keyframe(k) if k is not None else before
                for frames in _chunks(range(start, stop)):
                    yield [functools.partial(again.between, before, after, frame - start) for frame in frames]

        return await self._film(drawn(), settings)

    async def with_windows(self, model: VideoModel, settings: dict[str, Any]) -> Asset:
        """Film what a model that makes frames makes: windows of them, each beginning where the last ended."""
        plan = self._plan
        spans = list(_windows(plan.frames, model))
        self._meter.pictures = len(spans)

        async def drawn() -> AsyncGenerator[Sequence[Draw]]:
            generation, last = self._generation, None
            for k, (made, kept) in enumerate(spans):
                asked = replace(generation, seed=generation.seed + k)
                if last is not None and model.takes_picture:
                    asked = replace(asked, source=Source(last, 1.0))
                frames = await self._filmed(model, asked, Window(made, plan.fps, plan.motion))
                tail, last = last, frames[-1]
                # A window that begins with the last picture repeats it; one that does not is faded into.
                fresh = list(frames[1:] if tail is not None and model.takes_picture else frames)
                if tail is not None and not model.takes_picture:
                    fresh = _faded(tail, fresh)
                for chunk in _chunks(fresh[:kept]):
                    yield [functools.partial(plan.scene.laid, frame) for frame in chunk]

        return await self._film(drawn(), settings)

    # --- what the engine makes ----------------------------------------------------------------------------------------

    async def _sampled(self, model: Model | ForeignModel, generation: Generation) -> Image.Image:
        async for happening in self._steps(lambda tell: self._engine.submit(model, generation, tell)):
            if isinstance(happening, Made):
                self._meter.picture_done()
                return happening.image
        raise AssertionError("the engine ended without a picture")

    async def _filmed(self, model: VideoModel, generation: Generation, window: Window) -> tuple[Image.Image, ...]:
        async for happening in self._steps(lambda tell: self._engine.film(model, generation, window, tell)):
            if isinstance(happening, Filmed):
                self._meter.picture_done()
                return happening.frames
        raise AssertionError("the engine ended without frames")

    async def _steps(self, begin: Begin) -> AsyncGenerator[Happening]:
        """Passes on what is no step of the way."""
        async with aclosing(self._told(begin, self._job)) as happenings:
            async for happening in happenings:
                match happening:
                    case Stepped():
                        await self._meter.stepped(self._job, happening.step, happening.steps)
                    case Previewed():
                        await self._job.preview(happening.image, step=happening.step)
                    case Noted():
                        await self._job.log(happening.text, level="warning")
                    case _:
                        yield happening

    # --- the film -----------------------------------------------------------------------------------------------------

    async def _film(self, drawn: AsyncGenerator[Sequence[Draw]], settings: dict[str, Any]) -> Asset:
        plan, scene = self._plan, self._plan.scene
        every = max(1, plan.frames // _PREVIEWS)
        with tempfile.TemporaryDirectory(prefix="atelier-video-") as folder:
            path = Path(folder) / f"video.{plan.clip_format}"
            notes = metadata.notes(settings)
            made = functools.partial(
                animation.write, path, scene.width, scene.height, plan.fps, plan.clip_format, notes
            )
            async with _camera(made) as camera, aclosing(drawn):
                done = 0
                async for draws in drawn:
                    self._job.check()
                    times = [plan.time(done + k) for k in range(len(draws))]
                    last = await camera.run(_expose, camera.writer, scene.frame, draws, times)
                    if done // every != (done + len(draws)) // every:
                        await self._job.preview(await asyncio.to_thread(preview.webp, last))
                    done += len(draws)
                    await self._meter.rendered(self._job, done)
                writer = camera.writer
                await camera.run(writer.close)
            return await self._job.store(
                path,
                index=0,
                content_type=animation.CONTENT_TYPES[plan.clip_format],
                kind="video" if plan.clip_format == "mp4" else "image",
                width=writer.width,
                height=writer.height,
                duration_s=plan.duration_s,
                provenance=settings,
            )


class _Camera:
    """A file being written, in a thread of its own: libav's parts are for one thread at a time."""

    def __init__(self, thread: ThreadPoolExecutor, writer: FrameWriter) -> None:
        self.writer = writer
        self._thread = thread

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function there."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


@asynccontextmanager
async def _camera(made: Callable[[], FrameWriter]) -> AsyncIterator[_Camera]:
    thread = ThreadPoolExecutor(1, thread_name_prefix="camera")
    camera: _Camera | None = None
    try:
        camera = _Camera(thread, await asyncio.get_running_loop().run_in_executor(thread, made))
        yield camera
    except BaseException:
        if camera is not None:
            thread.submit(camera.writer.abandon)
        raise
    finally:
        # After what it is busy with, which is a few frames at most.
        thread.shutdown(wait=True)


def _expose(
    writer: FrameWriter,
    seen: Callable[[Image.Image, float], Image.Image],
    draws: Sequence[Draw],
    times: Sequence[float],
) -> Image.Image:
    """Draw frames and write them; returns the last one."""
    for draw, when in zip(draws, times, strict=True):
        frame = seen(draw(), when)
        writer.add(frame)
    return frame


def _chunks(items: Sequence[T]) -> Sequence[Sequence[T]]:
    return [items[k : k + _AT_ONCE] for k in range(0, len(items), _AT_ONCE)]


# Frames over which one window of a model that cannot begin with a picture fades into the next.
_FADE = 4


def _windows(frames: int, model: VideoModel) -> Sequence[tuple[int, int]]:
    """How many frames each window makes, and how many of them are new."""
    found: list[tuple[int, int]] = []
    while frames > 0:
        repeated = 1 if found and model.takes_picture else 0
        made = model.window(frames + repeated)
        kept = min(frames, made - repeated)
        found.append((made, kept))
        frames -= kept
    return found


def _faded(tail: Image.Image, frames: Sequence[Image.Image]) -> list[Image.Image]:
    """The frames, the first of them still mixed with what was last seen."""
    over = min(_FADE, len(frames))
    mixed = [Image.blend(tail, frame, (k + 1) / (over + 1)) for k, frame in enumerate(frames[:over])]
    return [*mixed, *frames[over:]]
