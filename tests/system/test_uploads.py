"""What the gateway takes in and gives out passes through it in pieces, whatever its size."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import httpx

from tests.stack import Stack

MIB = 1024 * 1024


async def upload(client: httpx.AsyncClient, size: int) -> httpx.Response:
    """Uploads that many zero bytes under the name `big.bin`."""

    async def body() -> AsyncIterator[bytes]:
        yield b'--edge\r\nContent-Disposition: form-data; name="files"; filename="big.bin"\r\n\r\n'
        for _ in range(size // MIB):
            yield bytes(MIB)
        yield b"\r\n--edge--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    return await client.post("/api/assets/upload", content=body(), headers=headers)


async def test_a_large_file_does_not_grow_the_gateway(stack: Stack, studio: httpx.AsyncClient) -> None:
    gateway = stack.process("gateway")
    (small,) = (await upload(studio, MIB)).raise_for_status().json()["items"]
    before = gateway.memory_info().rss
    size = 256 * MIB
    (asset,) = (await upload(studio, size)).raise_for_status().json()["items"]
    assert asset["size"] == size and asset["sha256"] == hashlib.sha256(bytes(size)).hexdigest()
    digest = hashlib.sha256()
    async with studio.stream("GET", asset["content_url"]) as response:
        async for piece in response.aiter_bytes():
            digest.update(piece)
    assert digest.hexdigest() == asset["sha256"]
    assert gateway.memory_info().rss - before < size // 4
    for made in (small, asset):
        (await studio.delete(f"/api/assets/{made['id']}")).raise_for_status()
