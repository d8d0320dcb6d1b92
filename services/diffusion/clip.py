"""Clips: frames into an MP4 and out of any video, one at a time, so that memory does not grow with their length."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from services.diffusion import metadata

Frame: TypeAlias = NDArray[np.uint8]
"""[height, width, 3], RGB."""

# Sound that MP4 holds and browsers play.
SOUND_IN_MP4 = frozenset({"aac", "mp3", "opus", "flac", "ac3"})
# Every file libav is given may be anyone's. Only plain containers: playlists and the like open other files.
_CONTAINERS = "mov,mp4,matroska,webm,avi,gif,mpegts,ogg,flv"
_OPEN = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
_CODECS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "theora", "gif", "png"}
    | {"prores", "dnxhd", "h263", "flv1", "msmpeg4v3", "wmv2", "ffv1", "rawvideo", "qtrle", "libdav1d"}
)


class BadClip(Exception):
    """A file is no clip, is broken, or is more than is allowed."""


# --- writing ----------------------------------------------------------------------------------------------------------


class ClipWriter:
    """An MP4: H.264, yuv420p, its index at the front so that it plays while it loads. Equal frames give equal
    bytes. A context manager: `close` at the end, `abandon` if it failed."""

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: Fraction | int,
        *,
        notes: metadata.Notes | None = None,
        sound_of: Path | None = None,
        crf: int = 18,
    ) -> None:
        """Frames are `width` × `height`; yuv420p knows only even sides, so an odd one grows by a line like its last.
        `sound_of`: a clip whose sound is copied as it is. Raises `BadClip` if it cannot be."""
        self.width, self.height = width + width % 2, height + height % 2
        self.frames = 0
        self._given = (height, width)
        self._rate = Fraction(fps)
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        if notes is not None:
            self._container.metadata["comment"] = notes.text
            self._container.metadata["description"] = notes.document
        self._stream = cast(VideoStream, self._container.add_stream("libx264", rate=self._rate))
        self._stream.width, self._stream.height, self._stream.pix_fmt = self.width, self.height, "yuv420p"
        self._stream.options = {"preset": "medium", "crf": str(crf), "profile": "high"}
        context = self._stream.codec_context
        # Its output depends on the number of threads.
        context.thread_count = 1
        context.gop_size = max(1, round(2 * self._rate))
        context.time_base = 1 / self._rate
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        self._sound = _Sound(sound_of) if sound_of is not None else None
        self._sound_out = (
            cast(AudioStream, self._container.add_stream_from_template(self._sound.stream)) if self._sound else None
        )

    def add(self, frame: Frame | Image.Image) -> None:
        """Write the next frame."""
        pixels = np.asarray(frame)
        if pixels.shape != (*self._given, 3) or pixels.dtype != np.uint8:
            raise ValueError(f"a frame is {pixels.shape} {pixels.dtype}, not {(*self._given, 3)} uint8")
        if pixels.shape[:2] != (self.height, self.width):
            pixels = np.pad(
                pixels, [(0, self.height - pixels.shape[0]), (0, self.width - pixels.shape[1]), (0, 0)], "edge"
            )
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        picture.pts, picture.time_base = self.frames, 1 / self._rate
        self.frames += 1
        self._container.mux(self._stream.encode(picture))
        self._mux_sound(until=self.frames / self._rate)

    def close(self) -> None:
        """Write what is left and the index. The sound ends with the picture."""
        self._container.mux(self._stream.encode(None))
        self._mux_sound(until=self.frames / self._rate)
        self._container.close()
        if self._sound is not None:
            self._sound.close()

    def abandon(self) -> None:
        """Let the file go unfinished."""
        self._container.close()
        if self._sound is not None:
            self._sound.close()

    def _mux_sound(self, until: Fraction) -> None:
        if self._sound is not None:
            for packet in self._sound.packets(until):
                packet.stream = self._sound_out
                self._container.mux(packet)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, or abandon after an error."""
        if error is None:
            self.close()
        else:
            self.abandon()


class _Sound:
    """The sound of a clip, packet by packet."""

    def __init__(self, path: Path) -> None:
        self._container = _opened(path)
        try:
            self.stream = self._container.streams.audio[0]
            if self.stream.codec_context.name not in SOUND_IN_MP4:
                raise BadClip(f"sound in {self.stream.codec_context.name} cannot be kept in MP4")
        except IndexError:
            self._container.close()
            raise BadClip("it has no sound") from None
        except BadClip:
            self._container.close()
            raise
        self._packets = self._container.demux(self.stream)
        self._next: Packet | None = None

    def packets(self, until: Fraction) -> Iterator[Packet]:
        """Those that begin before `until` seconds and were not given before."""
        while True:
            packet = self._next or next(self._packets, None)
            self._next = None
            # The last one of a stream is empty.
            if packet is None or packet.dts is None or packet.time_base is None:
                return
            if packet.dts * packet.time_base >= until:
                self._next = packet
                return
            yield packet

    def close(self) -> None:
        self._container.close()


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """What is read at all."""

    pixels: int = 7680 * 4320
    """Of one frame."""
    seconds: float = 600.0
    fps: float = 240.0


DEFAULT_LIMITS = Limits()


class ClipReader:
    """The frames of a file, one by one. A context manager.

    `width`, `height`: of a frame as it is to be seen, upright. `fps`: a Fraction; a clip whose pace changes is brought
    to its mean. `duration_s`: as the file says, 0 if it does not say. `sound`: its codec's name, or None.
    """

    def __init__(self, path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        """Reads the header. Raises `BadClip`."""
        self._limits = limits
        self._container = _opened(path)
        try:
            self._stream = self._video()
            turned = self._first_rotation(path) % 180 != 0
            width, height = self._stream.width, self._stream.height
            self.width, self.height = (height, width) if turned else (width, height)
            self.fps = self._pace()
            self.duration_s = self._duration()
        except BaseException:
            self._container.close()
            raise
        sounds = self._container.streams.audio
        self.sound: str | None = sounds[0].codec_context.name if sounds else None
        self.metadata: dict[str, str] = dict(self._container.metadata)

    def _video(self) -> VideoStream:
        streams = self._container.streams.video
        if not streams:
            raise BadClip("it holds no pictures")
        stream = streams[0]
        context = stream.codec_context
        if context is None or context.name not in _CODECS:
            raise BadClip("its pictures are in a format that is not read here")
        if not 0 < stream.width * stream.height <= self._limits.pixels:
            raise BadClip(f"it has {stream.width} × {stream.height} pixels; at most {self._limits.pixels:,} are read")
        context.thread_count = 1
        # The header may promise less than the stream then holds.
        context.options = {"max_pixels": str(self._limits.pixels)}
        return stream

    def _first_rotation(self, path: Path) -> int:
        """Degrees by which it is to be turned; known of a frame only, so one is read aside."""
        with _opened(path) as aside:
            stream = aside.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.options = {"max_pixels": str(self._limits.pixels)}
            return next((frame.rotation for frame in _decoded(aside, stream)), 0)

    def _pace(self) -> Fraction:
        rate = self._stream.average_rate or self._stream.guessed_rate or self._stream.base_rate
        if not rate or not 0 < rate <= self._limits.fps:
            raise BadClip(f"it has {float(rate or 0):g} frames a second; up to {self._limits.fps:g} are read")
        return Fraction(rate)

    def _duration(self) -> float:
        if self._stream.duration and self._stream.time_base:
            seconds = float(self._stream.duration * self._stream.time_base)
        else:
            seconds = (self._container.duration or 0) / 1_000_000
        if seconds > self._limits.seconds:
            raise BadClip(f"it is {seconds:.0f} s long; at most {self._limits.seconds:.0f} s are read")
        return max(0.0, seconds)

    def __iter__(self) -> Iterator[Frame]:
        """The frames, once, at the constant pace of `fps`: one that comes early is left out, a gap shows the last one.

        Raises `BadClip` where the file is broken or goes on longer than is allowed.
        """
        most = round(self._limits.seconds * self.fps)
        given, begun, last = 0, None, None
        for decoded in _decoded(self._container, self._stream):
            at = decoded.time if decoded.time is not None else float(given / self.fps)
            begun = at if begun is None else begun
            # Half a frame of patience with clocks that are coarse.
            place = max(0, round((at - begun) * float(self.fps)))
            if place >= most:
                raise BadClip(f"it goes on for more than {self._limits.seconds:.0f} s")
            if place < given:
                continue
            if last is not None:
                for _ in range(place - given):
                    yield last
            last = self._pixels(decoded)
            given = place + 1
            yield last
        if last is None:
            raise BadClip("none of its pictures can be read")

    def _pixels(self, frame: VideoFrame) -> Frame:
        turns = round(frame.rotation / 90) % 4
        size = (self.height, self.width) if turns % 2 else (self.width, self.height)
        pixels = frame.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray()
        return np.ascontiguousarray(np.rot90(pixels, turns), dtype=np.uint8)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def poster(path: Path, limits: Limits = DEFAULT_LIMITS) -> Image.Image:
    """The first frame. Raises `BadClip`."""
    with ClipReader(path, limits) as reader:
        return Image.fromarray(next(iter(reader)))


def _opened(path: Path) -> Any:
    try:
        return av.open(str(path), options=dict(_OPEN), metadata_errors="replace")
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise BadClip(f"it cannot be read as a video: {_said(error)}") from None


def _decoded(container: Any, stream: VideoStream) -> Iterator[VideoFrame]:
    try:
        yield from container.decode(stream)
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        raise BadClip(f"it is broken: {_said(error)}") from None


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
