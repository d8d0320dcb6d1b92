"""Assets: uploaded, served in parts, shown small, deleted; and never a danger to whoever opens them."""

import hashlib
import io
import struct
import zlib
from typing import Any

import httpx
from PIL import Image

from tests.api import ended, submit
from tests.service.gateway_rig import Rig, png


async def upload(client: httpx.AsyncClient, *files: tuple[str, bytes, str]) -> list[dict[str, Any]]:
    response = await client.post("/api/assets/upload", files=[("files", file) for file in files])
    assert response.status_code == 201, response.text
    return response.json()["items"]


async def test_uploads_are_described_by_what_they_are(rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    picture = png(7, 40, 30)
    image, text, page = await upload(
        ann,
        ("../../a b\u00e4.jpg", picture, "image/jpeg"),
        ("notes.txt", b"hello", "image/png"),
        ("x.htm", b"<!DOCTYPE html><script>alert(1)</script>", "image/png"),
    )
    assert image["name"] == "a b\u00e4.jpg" and image["content_type"] == "image/png" and image["kind"] == "image"
    assert (image["width"], image["height"], image["size"]) == (40, 30, len(picture))
    assert image["sha256"] == hashlib.sha256(picture).hexdigest()
    assert text["content_type"] == "text/plain" and text["kind"] == "text" and text["thumbnail_url"] is None
    assert page["content_type"] == "text/html" and page["kind"] == "file"
    assert (await ann.get(image["content_url"])).content == picture
    assert (await bob.get(image["content_url"])).status_code == 404
    listed = (await ann.get("/api/assets", params={"kind": "image", "limit": 1})).json()
    assert listed["items"] == [image]


async def test_bad_uploads_are_refused(rig: Rig, ann: httpx.AsyncClient) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nx'
    for content, headers, status in (
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"", form, 400),
        (b"no boundary here", form, 400),
        (part, form, 400),
        (part.replace(b"files", b"other") + b"\r\n--b--\r\n", form, 422),
        (b"--b--\r\n", form, 422),
        (part.replace(b'a"', b'a"\r\nX-Long: ' + b"x" * 9000) + b"\r\n--b--\r\n", form, 400),
    ):
        response = await ann.post("/api/assets/upload", content=content, headers=headers)
        assert response.status_code == status, (content, response.text)
        assert response.headers["content-type"] == "application/problem+json"
    broken = await ann.post("/api/assets/upload", files=[("files", ("a.png", png(1)[:20], "image/png"))])
    assert broken.status_code == 422 and broken.json()["code"] == "bad_image"


async def test_a_decompression_bomb_is_refused(rig: Rig, ann: httpx.AsyncClient) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
    response = await ann.post("/api/assets/upload", files=[("files", ("bomb.png", bomb, "image/png"))])
    assert response.status_code == 422 and "pixels" in response.json()["detail"]


async def test_content_is_served_in_parts(rig: Rig, ann: httpx.AsyncClient) -> None:
    data = bytes(range(256)) * 16
    (asset,) = await upload(ann, ("data.bin", data, ""))
    url = asset["content_url"]
    whole = await ann.get(url)
    assert whole.content == data and whole.headers["accept-ranges"] == "bytes"
    for header, first, last in (
        ("bytes=0-9", 0, 9),
        ("bytes=4000-", 4000, 4095),
        ("bytes=-6", 4090, 4095),
        ("bytes=0-4,5-9", 0, 9),
    ):
        part = await ann.get(url, headers={"Range": header})
        assert part.status_code == 206 and part.content == data[first : last + 1], header
        assert part.headers["content-range"] == f"bytes {first}-{last}/4096"
    for header in ("bytes=0-1,50-60", "chapters=1-2", "bytes=9-3", "bytes=x"):
        assert (await ann.get(url, headers={"Range": header})).status_code == 200, header
    outside = await ann.get(url, headers={"Range": "bytes=5000-"})
    assert outside.status_code == 416 and outside.headers["content-range"] == "bytes */4096"
    etag = whole.headers["etag"]
    assert (await ann.get(url, headers={"If-None-Match": f'"other", W/{etag}'})).status_code == 304
    stale = await ann.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert stale.status_code == 200 and stale.content == data
    head = await ann.head(url)
    assert head.status_code == 200 and head.headers["content-length"] == "4096" and head.content == b""


async def test_nothing_uploaded_can_act_as_a_page_of_ours(rig: Rig, ann: httpx.AsyncClient) -> None:
    picture, vector, page = await upload(
        ann,
        ("a.png", png(3), ""),
        ("v.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "image/svg+xml"),
        ("p.html", b"<html><body>hi", "text/html"),
    )
    for asset, shown in ((picture, "inline"), (vector, "attachment"), (page, "attachment")):
        response = await ann.get(asset["content_url"])
        assert response.headers["content-disposition"].startswith(shown)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in response.headers["content-security-policy"]
    saved = await ann.get(picture["content_url"], params={"download": True})
    assert saved.headers["content-disposition"] == "attachment; filename=\"a.png\"; filename*=UTF-8''a.png"


async def test_thumbnails_are_small_and_cached(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await ended(ann, (await submit(ann, width=640, height=1024))["id"])
    url = job["outputs"][0]["thumbnail_url"]
    first = await ann.get(url)
    image = Image.open(io.BytesIO(first.content))
    assert image.format == "WEBP" and image.size == (240, 384)
    assert (await ann.get(url)).content == first.content
    assert (await ann.get(url, headers={"If-None-Match": first.headers["etag"]})).status_code == 304
    (text,) = await upload(ann, ("a.txt", b"hi", ""))
    assert (await ann.get(f"/api/assets/{text['id']}/thumbnail")).status_code == 404


async def test_deleting_removes_row_and_content_for_good(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    job = await ended(ann, (await submit(ann))["id"])
    asset = job["outputs"][0]
    await ann.get(asset["thumbnail_url"])
    assert (await bob.delete(f"/api/assets/{asset['id']}")).status_code == 404
    assert (await ann.delete(f"/api/assets/{asset['id']}")).status_code == 204
    for path in (f"/api/assets/{asset['id']}", asset["content_url"], asset["thumbnail_url"]):
        assert (await ann.get(path)).status_code == 404
    assert await rig.gateway.parts.objects.keys(f"assets/ann/{job['id']}/") == []
    # Hearing the whole story again must not bring it back.
    await rig.gateway.parts.jobs.catch_up(job["id"])
    assert (await ann.get(f"/api/jobs/{job['id']}")).json()["outputs"] == []
