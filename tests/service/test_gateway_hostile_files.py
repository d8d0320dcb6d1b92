"""Files that mean harm: each is refused in plain words, by every way in, and the gateway stays as small as it was."""

from __future__ import annotations

import base64
import io
import pickle
import random
import struct
import sys
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import psutil
import pytest
from PIL import Image

from infra.local.options import ROOT
from infra.local.ports import free_port
from tests.processes import ServerProcess
from tests.servers import BusServer, S3Server, answers
from tests.service.gateway_rig import png

MIB = 1024**2


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int, content: bytes = b"") -> bytes:
    """A PNG of many pixels in few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (256, 256), random.Random(7).randbytes(256 * 256 * 3)).save(out, "JPEG")
    return out.getvalue()


def torch_file() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
    return out.getvalue()


# 200 megapixels, of which the first lines are there.
BOMB = bomb(20_000, 10_000, zlib.compress(bytes(64 * MIB)))
TEXT_BOMB = png(1)[:33] + chunk(b"zTXt", b"parameters\0\0" + zlib.compress(bytes(64 * MIB))) + png(1)[33:]
REFUSED = {
    "bomb.png": (BOMB, "it has more pixels than the 100,000,000 allowed"),
    "large.png": (bomb(20_000, 6_000), "20000 × 6000 pixels are more than the 100,000,000 allowed"),
    "header.png": (bomb(50_000, 50_000), "it has more pixels than the 100,000,000 allowed"),
    "text.png": (b"just some words", "text.png is no image: its content is text/plain"),
    "page.jpg": (b"<!DOCTYPE html><script>alert(1)</script>", "page.jpg is no image: its content is text/html"),
    "picture.mp4": (png(1), "picture.mp4 is no video: its content is image/png"),
    "cut.jpg": (jpeg()[:-2000], "it ends too early"),
    "cut.png": (png(1, 300, 300)[:-20], "it ends too early"),
    "model.bin": (pickle.dumps({"weights": [1, 2]}), "is a pickle, which can run code"),
    "model.pt": (torch_file(), "is a pickle, which can run code"),
    "model.zip": (torch_file(), "is a pickle, which can run code"),
    "model.ckpt": (b"0", "is a pickle, which can run code"),
}


@dataclass(frozen=True)
class Gateway:
    """A gateway in a process of its own."""

    url: str
    process: ServerProcess


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, object_server: S3Server) -> Iterator[Gateway]:
    """With a bus of its own, in local mode."""
    folder = tmp_path_factory.mktemp("hostile")
    bus = BusServer.begin(folder)
    url = f"http://127.0.0.1:{(port := free_port())}"
    environment = {
        **bus.environment(),
        **object_server.environment(),
        "ATELIER_HOME": str(folder / "home"),
        "ATELIER_PORT": str(port),
        "ATELIER_S3_BUCKET": "hostile",
    }
    command = [sys.executable, "-m", "gateway"]
    log = folder / "gateway.log"
    made = ServerProcess(command, log, ready=lambda: answers(f"{url}/readyz"), environment=environment, folder=ROOT)
    made.start(60)
    yield Gateway(url, made)
    made.stop()
    bus.process.stop()


@pytest.fixture
async def studio(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    async with httpx.AsyncClient(base_url=gateway.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_that_means_harm_is_refused_in_plain_words(studio: httpx.AsyncClient, name: str) -> None:
    content, reason = REFUSED[name]
    response = await studio.post("/api/assets/upload", files=[("files", (name, content, "image/png"))])
    assert response.status_code == 422, response.text
    problem = response.json()
    assert reason in problem["detail"]
    assert ("smaller" in problem.get("hint", "")) == ("pixels" in reason)
    assert (await studio.get("/api/assets")).json()["items"] == []


@pytest.mark.parametrize("name", ["bomb.png", "header.png", "cut.jpg", "text.png", "model.bin"])
async def test_it_is_refused_inside_a_request_as_well(studio: httpx.AsyncClient, name: str) -> None:
    content, _ = REFUSED[name]
    image = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    response = await studio.post("/api/generate/image-to-image", json={"prompt": "a tree", "image": image})
    assert response.status_code == 422, response.text
    assert [fault["field"] for fault in response.json()["errors"]] == ["image"]


@pytest.mark.parametrize("name", ["bomb.png", "header.png", "cut.jpg", "text.png", "model.bin"])
async def test_it_is_not_inspected_either(studio: httpx.AsyncClient, name: str) -> None:
    content, _ = REFUSED[name]
    response = await studio.post("/api/assets/inspect", files=[("files", (name, content, "image/png"))])
    assert response.status_code == 422, response.text


async def test_a_text_that_unpacks_without_end_is_not_unpacked(studio: httpx.AsyncClient) -> None:
    response = await studio.post("/api/assets/inspect", files=[("files", ("a.png", TEXT_BOMB, "image/png"))])
    assert response.status_code in (200, 422), response.text
    assert response.status_code == 422 or response.json()["text"] == ""


async def test_the_gateway_stays_as_small_as_it_was(gateway: Gateway, studio: httpx.AsyncClient) -> None:
    async def all_of_them() -> None:
        for name, (content, _) in [*REFUSED.items(), ("text-bomb.png", (TEXT_BOMB, ""))]:
            for path in ("/api/assets/upload", "/api/assets/inspect"):
                await studio.post(path, files=[("files", (name, content, "image/png"))])
        image = f"data:image/png;base64,{base64.b64encode(BOMB).decode()}"
        await studio.post("/api/generate/image-to-image", json={"prompt": "a tree", "image": image})

    memory = psutil.Process(gateway.process.pid)
    for _ in range(2):
        await all_of_them()
    before, peak = memory.memory_info().rss, 0
    for _ in range(6):
        await all_of_them()
        peak = max(peak, memory.memory_info().rss)
    # Decoded, one bomb alone is 600 MB.
    assert peak - before < 32 * MIB, (before, peak)
    assert (await studio.get("/health")).json()["status"] == "ok"
