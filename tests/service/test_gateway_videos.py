"""Videos among the assets: how long they play, what they look like, and broken ones."""

import io
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from services.diffusion.clip import ClipWriter
from tests.service.gateway_rig import Rig
from tests.service.test_gateway_assets import upload


def clip(folder: Path) -> bytes:
    """Two seconds, red on the left and green on the right."""
    frame = np.zeros((120, 200, 3), np.uint8)
    frame[:, :100, 0] = frame[:, 100:, 1] = 200
    with ClipWriter(folder / "clip.mp4", 200, 120, 5) as writer:
        for _ in range(10):
            writer.add(frame)
    return (folder / "clip.mp4").read_bytes()


async def test_an_uploaded_video_has_a_size_a_length_and_a_poster(
    rig: Rig, ann: httpx.AsyncClient, tmp_path: Path
) -> None:
    (asset,) = await upload(ann, ("a.bin", clip(tmp_path), "application/octet-stream"))
    assert (asset["kind"], asset["content_type"]) == ("video", "video/mp4")
    assert (asset["width"], asset["height"], asset["duration_s"]) == (200, 120, 2.0)
    for _ in range(2):
        answer = await ann.get(asset["thumbnail_url"])
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/webp"
    poster = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert poster.size == (200, 120)
    left, right = poster.getpixel((20, 60)), poster.getpixel((180, 60))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert left[0] > 150 > left[1] and right[1] > 150 > right[0]
    part = await ann.get(asset["content_url"], headers={"Range": "bytes=4-7"})
    assert part.status_code == 206 and part.content == b"ftyp"


async def test_a_broken_video_is_kept_and_has_no_poster(rig: Rig, ann: httpx.AsyncClient, tmp_path: Path) -> None:
    cut, playlist = await upload(
        ann,
        ("cut.mp4", clip(tmp_path)[:200], "video/mp4"),
        ("list.mp4", b"\0\0\0\x18ftypisom" + b"#EXTM3U\nfile:///etc/passwd\n" * 9, "video/mp4"),
    )
    for asset in (cut, playlist):
        assert (asset["kind"], asset["width"], asset["duration_s"]) == ("video", 0, 0.0)
        answer = await ann.get(asset["thumbnail_url"])
        assert answer.status_code == 422 and answer.json()["code"] == "bad_image"
        assert "cannot be read" in answer.json()["detail"]


async def test_the_options_have_what_a_form_for_videos_needs(rig: Rig, ann: httpx.AsyncClient) -> None:
    options = (await ann.get("/api/generate/options")).json()
    shapes = {shape["name"]: shape for shape in options["shapes"]}
    assert shapes["16:9"]["width"] > shapes["16:9"]["height"] and shapes["16:9"]["label"] == "Wide 16:9"
    mode = next(mode for mode in options["modes"] if mode["name"] == "text-to-video")
    moves = {choice["name"]: choice["label"] for choice in mode["fields"]["camera"]["fields"]["move"]["choices"]}
    assert len(moves) == 11 and moves["pan_left"] == "Pan: the picture moves to the left"
    assert mode["fields"]["duration_s"]["minimum"] == 3 and mode["fields"]["duration_s"]["maximum"] == 30
    assert [choice["name"] for choice in mode["fields"]["format"]["choices"]] == ["mp4", "gif", "webp"]
