"""What files say about how they were made, whoever made them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo

from services.diffusion import metadata
from services.kit import embedded
from tests.unit.test_diffusion_metadata import FORMATS, picture
from tests.unit.test_diffusion_metadata import settings as made_with

TEXT = "a cat, 漢字\nNegative prompt: dog\nSteps: 8, CFG scale: 1, Seed: 1"


@pytest.mark.parametrize("image_format", FORMATS)
def test_a_picture_made_here_says_everything(tmp_path: Path, image_format: str) -> None:
    wanted = made_with(prompt="a red apple, 漢字 🍎\nin a bowl")
    path = tmp_path / "picture"
    path.write_bytes(metadata.encode(picture(), image_format, wanted).data)
    found = embedded.read(path)
    assert found.document == wanted and found.text == metadata.parameters(wanted)


@pytest.mark.parametrize("order", ["utf-16-be", "utf-16-le"])
def test_a_comment_is_read_in_either_order_of_bytes(tmp_path: Path, order: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.UserComment] = b"UNICODE\0" + TEXT.encode(order)
    path = tmp_path / "picture.jpg"
    picture().save(path, "JPEG", exif=exif)
    assert embedded.read(path) == embedded.Notes(TEXT, None)


def test_a_png_of_another_program_is_read(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_itxt("parameters", TEXT)
    path = tmp_path / "picture.png"
    picture().save(path, "PNG", pnginfo=info)
    assert embedded.read(path) == embedded.Notes(TEXT, None)


def test_a_clip_says_it_in_its_tags(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        container.metadata["comment"] = TEXT
        container.metadata["description"] = '{"kind": "diffusion.text_to_video", "seed": 4}'
        stream = container.add_stream("libx264", rate=8)
        stream.width = stream.height = 64  # type: ignore[attr-defined]
        stream.pix_fmt = "yuv420p"  # type: ignore[attr-defined]
        container.mux(stream.encode(av.VideoFrame.from_image(picture())))  # type: ignore[attr-defined]
        container.mux(stream.encode(None))  # type: ignore[attr-defined]
    assert embedded.read(path) == embedded.Notes(TEXT, {"kind": "diffusion.text_to_video", "seed": 4})


def test_files_that_say_nothing_say_nothing(tmp_path: Path) -> None:
    plain = io.BytesIO()
    picture().save(plain, "PNG")
    endless = b"\0\0\0\x08ftypmp42" + struct.pack(">I4s", 8, b"free") * 5000
    broken = b'\x89PNG\r\n\x1a\n{"kind":'
    path = tmp_path / "file"
    for content in (b"", b"hello", plain.getvalue(), plain.getvalue()[:60], endless, broken):
        path.write_bytes(content)
        assert embedded.read(path) == embedded.Notes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 3000), at=st.integers(0, 3000), value=st.integers(0, 255))
@pytest.mark.parametrize("image_format", FORMATS)
def test_broken_files_raise_nothing(tmp_path: Path, image_format: str, cut: int, at: int, value: int) -> None:
    data = bytearray(metadata.encode(picture(), image_format, made_with()).data)
    data[min(at, len(data) - 1)] = value
    path = tmp_path / "broken"
    path.write_bytes(data[: len(data) - min(cut, len(data))])
    embedded.read(path)
