"""Clips: what is written is read, the same every time; what is no clip is refused."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from services.diffusion import animation, metadata
from services.diffusion.animation import ClipFormat
from services.diffusion.clip import BadClip, ClipReader, ClipWriter, Limits, poster

NOTES = metadata.Notes("a räd apple\nSteps: 3", '{"prompt": "a räd apple", "long": "%s"}' % ("x" * 70_000))


def frames(count: int, width: int = 96, height: int = 64) -> list[np.ndarray]:
    """A green square that goes to the right over red."""
    made: list[np.ndarray] = []
    for k in range(count):
        frame = np.zeros((height, width, 3), np.uint8)
        frame[:, :] = (200, 40, 60)
        frame[20:40, k : k + 20] = (30, 220, 90)
        made.append(frame)
    return made


def written(path: Path, clip_format: ClipFormat, given: list[np.ndarray], fps: Fraction | int = 12) -> bytes:
    height, width = given[0].shape[:2]
    writer = animation.write(path, width, height, fps, clip_format, NOTES)
    for frame in given:
        writer.add(frame)
    writer.close()
    return path.read_bytes()


@pytest.mark.parametrize("clip_format", ["mp4", "gif", "webp"])
def test_equal_frames_give_equal_files_that_carry_their_settings(tmp_path: Path, clip_format: ClipFormat) -> None:
    first, again = (written(tmp_path / name, clip_format, frames(20)) for name in ("a", "b"))
    assert first == again
    kept = metadata.read(first)
    assert kept is not None and kept["prompt"] == "a räd apple" and len(kept["long"]) == 70_000


def test_an_mp4_gives_back_frames_pace_and_length(tmp_path: Path) -> None:
    given = frames(30)
    data = written(tmp_path / "a", "mp4", given, Fraction(25, 2))
    # The index comes before the frames, so it plays while it loads.
    assert data.index(b"moov") < data.index(b"mdat")
    with ClipReader(tmp_path / "a") as reader:
        assert (reader.width, reader.height, reader.fps, reader.sound) == (96, 64, Fraction(25, 2), None)
        assert abs(reader.duration_s - 2.4) < 1e-3
        found = list(reader)
    assert len(found) == 30
    assert max(float(np.abs(a.astype(int) - b).mean()) for a, b in zip(given, found, strict=True)) < 4
    with av.open(str(tmp_path / "a")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert container.metadata["comment"] == NOTES.text
    assert np.asarray(poster(tmp_path / "a")).shape == (64, 96, 3)


def test_odd_sides_grow_by_a_line_in_mp4_and_stay_elsewhere(tmp_path: Path) -> None:
    written(tmp_path / "a", "mp4", frames(3, 97, 65))
    with ClipReader(tmp_path / "a") as reader:
        assert (reader.width, reader.height) == (98, 66)
    for clip_format in ("gif", "webp"):
        assert Image.open(io.BytesIO(written(tmp_path / "b", clip_format, frames(3, 97, 65)))).size == (97, 65)


def test_a_gif_keeps_time_with_a_coarse_clock(tmp_path: Path) -> None:
    for fps, shown in ((12, 24), (60, 60)):
        image: Any = Image.open(io.BytesIO(written(tmp_path / "a", "gif", frames(fps * 2), fps)))
        total = 0
        for k in range(image.n_frames):
            image.seek(k)
            assert image.info["duration"] >= 20
            total += image.info["duration"]
        assert abs(total - 2000) <= 20 and image.n_frames <= shown * 2


def with_sound(path: Path) -> Path:
    with av.open(str(path), "w", format="mp4") as container:
        video: Any = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio: Any = container.add_stream("aac", rate=44100)
        for frame in frames(25, 64, 48):
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame)))
        for k in range(43):
            samples = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            samples.rate, samples.pts = 44100, 1024 * k
            container.mux(audio.encode(samples))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.dts is not None]


def test_sound_is_copied_as_it_is(tmp_path: Path) -> None:
    source = with_sound(tmp_path / "source.mp4")
    with ClipReader(source) as reader, ClipWriter(tmp_path / "b", 128, 96, reader.fps, sound_of=source) as writer:
        assert reader.sound == "aac"
        for frame in reader:
            writer.add(frame.repeat(2, 0).repeat(2, 1))
    kept = packets(tmp_path / "b")
    assert len(kept) > 40 and kept == packets(source)[: len(kept)]
    written(tmp_path / "silent", "mp4", frames(2))
    with pytest.raises(BadClip, match="no sound"):
        ClipWriter(tmp_path / "c", 64, 64, 12, sound_of=tmp_path / "silent")


@pytest.mark.parametrize(
    "content",
    [b"", b"hello" * 100, b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n"],
)
def test_what_is_no_clip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(BadClip):
        ClipReader(tmp_path / "a")


def test_what_is_broken_or_too_much_is_refused(tmp_path: Path) -> None:
    data = written(tmp_path / "a", "mp4", frames(30))
    (tmp_path / "cut").write_bytes(data[: data.index(b"mdat") + 20])
    with pytest.raises(BadClip), ClipReader(tmp_path / "cut") as reader:
        list(reader)
    for limits, said in (
        (Limits(pixels=1000), "pixels"),
        (Limits(seconds=1), "long"),
        (Limits(fps=5), "frames a second"),
    ):
        with pytest.raises(BadClip, match=said):
            ClipReader(tmp_path / "a", limits)
