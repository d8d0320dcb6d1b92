"""Videos made larger, frame by frame: memory does not grow with their length."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from atelier.v1.common_pb2 import Asset
from atelier.v1.diffusion_pb2 import UpscaleRequest
from services.diffusion import metadata
from services.diffusion.clip import SOUND_IN_MP4, BadClip, ClipReader, ClipWriter, Frame
from services.diffusion.upscale.lanes import Lanes, aside
from services.diffusion.upscale.pictures import check_size
from services.diffusion.upscale.progress import Pace, encoded
from services.diffusion.upscale.provenance import settings_of
from services.diffusion.upscale.tiles import Piece, Tile
from services.diffusion.upscale.upscalers import Loaded
from services.kit.failures import BadInput, NotFound
from services.kit.job import Job

# H.264 has no level for larger frames (ITU-T H.264, table A-1: 139,264 macroblocks of 16 × 16 at level 6).
_MOST_PIXELS = 139_264 * 256


async def enlarge_video(
    request: UpscaleRequest, job: Job, loaded: Loaded, lanes: Lanes, place: Path, max_pixels: int
) -> Asset:
    """Make a video larger and store it; `place` is a folder for files on their way."""
    source = place / "source"
    sha256 = await _fetched(job, request.video, source)
    side = request.tile or loaded.upscaler.tile
    try:
        with await aside(job, ClipReader, source) as clip:
            _check(clip, loaded.scale, max_pixels)
            said = metadata.settings_in(clip.metadata)
            settings = settings_of(job.kind, loaded, side, (clip.width, clip.height), sha256, said)
            # H.264 in yuv420p knows only even sides.
            settings |= {edge: settings[edge] + settings[edge] % 2 for edge in ("width", "height")}
            made = await _enlarged(clip, source, place / "made.mp4", settings, loaded, side, lanes, job)
        # Not every source says how long it plays; what was made does.
        with await aside(job, ClipReader, made) as enlarged:
            duration_s = enlarged.duration_s
    except BadClip as fault:
        raise BadInput.of("video", str(fault)) from fault
    await job.progress(0.99, stage="saving", message="Storing the file")
    return await job.store(
        made,
        index=0,
        content_type="video/mp4",
        kind="video",
        width=settings["width"],
        height=settings["height"],
        duration_s=duration_s,
        provenance=settings,
    )


def _check(clip: ClipReader, scale: int, max_pixels: int) -> None:
    width, height = clip.width * scale, clip.height * scale
    if width * height > _MOST_PIXELS:
        raise BadInput.of("scale", f"would make frames of {width} × {height} pixels; H.264 holds up to 8192 × 4352")
    check_size((clip.width, clip.height), scale, max_pixels)


async def _enlarged(
    clip: ClipReader,
    source: Path,
    made: Path,
    settings: dict[str, Any],
    loaded: Loaded,
    side: int,
    lanes: Lanes,
    job: Job,
) -> Path:
    """The file `made`, written with all its frames, and the sound of `source`."""
    if clip.sound is not None and clip.sound not in SOUND_IN_MP4:
        await job.log(f"The sound is left out: MP4 does not hold {clip.sound}.", level="warning")
    writer = ClipWriter(
        made,
        clip.width * loaded.scale,
        clip.height * loaded.scale,
        clip.fps,
        notes=metadata.notes(settings),
        sound_of=source if clip.sound in SOUND_IN_MP4 else None,
    )
    try:
        await _Reel(clip, writer, loaded, side, lanes, job).run()
        await aside(job, writer.close)
    except BaseException:
        writer.abandon()
        raise
    return made


async def _fetched(job: Job, uri: str, path: Path) -> str:
    """The source as a file; returns its SHA-256."""
    digest = hashlib.sha256()
    prefix = job.objects.uri("")
    try:
        if not uri.startswith(prefix):
            raise NotFound(f"{uri} is not in this object storage.")
        with path.open("wb") as file:
            async for piece in job.objects.stream(uri.removeprefix(prefix)):
                digest.update(piece)
                await asyncio.to_thread(file.write, piece)
                job.check()
                job.alive()
    except NotFound:
        raise BadInput.of("video", "is no longer there; it was deleted before the job began") from None
    return digest.hexdigest()


class _Reel:
    """A few frames at a time are in the works; they are written in their order."""

    def __init__(self, clip: ClipReader, writer: ClipWriter, loaded: Loaded, side: int, lanes: Lanes, job: Job) -> None:
        self._frames: Iterator[Frame] = iter(clip)
        self._writer = writer
        self._loaded, self._side, self._lanes, self._job = loaded, side, lanes, job
        self._pace = Pace(round(clip.duration_s * float(clip.fps)))

    async def run(self) -> None:
        """Until the last frame."""
        under_way: deque[asyncio.Task[Image.Image]] = deque()
        try:
            while (frame := await aside(self._job, next, self._frames, None)) is not None:
                under_way.append(asyncio.ensure_future(self._enlarged(frame)))
                # Small frames are one tile each, so as many as there are lanes keep those busy.
                if len(under_way) >= self._lanes.count:
                    await self._write(await under_way.popleft())
            while under_way:
                await self._write(await under_way.popleft())
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _enlarged(self, frame: Frame) -> Image.Image:
        async def nothing(tile: Tile, piece: Piece) -> None: ...

        return await self._lanes.enlarged(Image.fromarray(frame), self._loaded, self._side, self._job, nothing)

    async def _write(self, frame: Image.Image) -> None:
        await aside(self._job, self._writer.add, frame)
        pace = self._pace
        pace.step()
        await self._job.progress(
            0.98 * pace.fraction,
            stage="upscaling",
            message=f"Frame {pace.done} of {pace.whole}",
            step=pace.done,
            steps=pace.whole,
            eta_s=pace.eta_s,
        )
        if pace.preview_due:
            await self._job.preview(await asyncio.to_thread(encoded, frame), step=pace.done)
