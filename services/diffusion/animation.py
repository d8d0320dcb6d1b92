"""Clips as GIF and animated WebP, written frame by frame, each frame whole; and the choice between these and MP4."""

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from PIL import GifImagePlugin, Image

from services.diffusion import metadata
from services.diffusion.clip import ClipWriter, Frame

ClipFormat = Literal["mp4", "gif", "webp"]
CONTENT_TYPES: dict[ClipFormat, str] = {"mp4": "video/mp4", "gif": "image/gif", "webp": "image/webp"}
# Browsers slow down what is shorter.
_GIF_SHORTEST_CS = 2


class FrameWriter(Protocol):
    """Takes frames and closes into a file."""

    width: int
    height: int
    frames: int

    def add(self, frame: Frame | Image.Image) -> None:
        """Write the next frame."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...

    def abandon(self) -> None:
        """Let the file go unfinished."""
        ...


def write(
    path: Path, width: int, height: int, fps: Fraction | int, clip_format: ClipFormat, notes: metadata.Notes | None
) -> FrameWriter:
    """A writer of frames of this size."""
    if clip_format == "mp4":
        return ClipWriter(path, width, height, fps, notes=notes)
    made = GifWriter if clip_format == "gif" else WebpWriter
    return made(path, width, height, fps, notes=notes)


class GifWriter:
    """A GIF with a palette of each frame's own. Its clock ticks in hundredths of a second; over 50 frames a second some
    are left out."""

    def __init__(
        self, path: Path, width: int, height: int, fps: Fraction | int, *, notes: metadata.Notes | None = None
    ) -> None:
        """Frames are `width` × `height`."""
        self.width, self.height, self.frames = width, height, 0
        self._rate = Fraction(fps)
        self._file = path.open("wb")
        self._notes = notes
        self._waiting: tuple[int, Image.Image] | None = None
        self._begun = False

    def add(self, frame: Frame | Image.Image) -> None:
        """Write the next frame."""
        at = round(100 * self.frames / self._rate)
        self.frames += 1
        if self._waiting is not None and at - self._waiting[0] < _GIF_SHORTEST_CS:
            return
        self._write(until=at)
        self._waiting = at, _image(frame).quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)

    def close(self) -> None:
        """Finish the file."""
        self._write(until=round(100 * self.frames / self._rate))
        self._file.write(b";")
        self._file.close()

    def abandon(self) -> None:
        """Let the file go unfinished."""
        self._file.close()

    def _write(self, until: int) -> None:
        if self._waiting is None:
            return
        since, image = self._waiting
        if not self._begun:
            comment = {} if self._notes is None else {"comment": metadata.gif_comment(self._notes)}
            header = GifImagePlugin.getheader(image, info={"loop": 0, "version": b"89a", **comment})[0]
            self._file.write(b"".join(header))
            self._begun = True
        options = {"duration": 10 * max(_GIF_SHORTEST_CS, until - since), "include_color_table": True, "disposal": 1}
        self._file.write(b"".join(GifImagePlugin.getdata(image, **options)))


class WebpWriter:
    """An animated WebP: lossy frames, each on its own (https://developers.google.com/speed/webp/docs/riff_container)."""

    def __init__(
        self, path: Path, width: int, height: int, fps: Fraction | int, *, notes: metadata.Notes | None = None
    ) -> None:
        """Frames are `width` × `height`."""
        self.width, self.height, self.frames = width, height, 0
        self._rate = Fraction(fps)
        self._file: BinaryIO = path.open("wb")
        self._exif = metadata.webp_exif(notes) if notes is not None else b""
        animation, exif = 0x02, 0x08 if self._exif else 0
        self._file.write(b"RIFF\0\0\0\0WEBP")
        self._chunk(b"VP8X", struct.pack("<B3x", animation | exif) + _u24(width - 1) + _u24(height - 1))
        # Background colour, and how often it plays: 0 = for ever.
        self._chunk(b"ANIM", struct.pack("<IH", 0, 0))

    def add(self, frame: Frame | Image.Image) -> None:
        """Write the next frame."""
        until = round(1000 * (self.frames + 1) / self._rate)
        duration = until - round(1000 * self.frames / self._rate)
        self.frames += 1
        still = io.BytesIO()
        _image(frame).save(still, "WEBP", quality=85, method=4)
        # Without its RIFF header a simple file is its one chunk of pixels.
        pixels = still.getvalue()[12:]
        place = _u24(0) + _u24(0) + _u24(self.width - 1) + _u24(self.height - 1)
        not_blended = 0x02
        self._chunk(b"ANMF", place + _u24(duration) + bytes([not_blended]) + pixels)

    def close(self) -> None:
        """Finish the file."""
        if self._exif:
            self._chunk(b"EXIF", self._exif)
        size = self._file.tell()
        self._file.seek(4)
        self._file.write(struct.pack("<I", size - 8))
        self._file.close()

    def abandon(self) -> None:
        """Let the file go unfinished."""
        self._file.close()

    def _chunk(self, name: bytes, content: bytes) -> None:
        self._file.write(name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2))


def _u24(value: int) -> bytes:
    return value.to_bytes(3, "little")


def _image(frame: Frame | Image.Image) -> Image.Image:
    return frame if isinstance(frame, Image.Image) else Image.fromarray(frame)
