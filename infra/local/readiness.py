"""Is it up? One question per kind of server; each answers "" for yes, else the reason why not yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.kit.failures import Failure
from services.kit.objects import ObjectStore
from services.kit.settings import Settings

ANSWER_S = 5.0
Probe = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


async def get(host: str, port: int, path: str) -> Answer:
    """GET over plain HTTP. Raises OSError when nobody answers, TimeoutError after 5 s, ValueError for no HTTP."""
    async with asyncio.timeout(ANSWER_S):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            answer = await reader.read(64 * 1024)
        finally:
            writer.close()
    head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
    words = head.split(" ", 2)
    if len(words) < 2 or not words[1].isdecimal():
        raise ValueError(f"no HTTP answer from {host}:{port}")
    return Answer(int(words[1]), body)


def http_probe(host: str, port: int, path: str) -> Probe:
    """Ready when the path answers 200; else the first line of what it answers."""

    async def probe() -> str:
        try:
            answer = await get(host, port, path)
        except (OSError, TimeoutError, ValueError) as error:
            return str(error) or type(error).__name__
        if answer.status == 200:
            return ""
        first = answer.body.strip().splitlines()
        return first[0][:200] if first else f"answers {answer.status}"

    return probe


def objects_probe(settings: Settings) -> Probe:
    """Ready when the bucket gives what it is given, with our credentials; it is made if it is not there."""
    store = ObjectStore(settings)

    async def probe() -> str:
        try:
            async with asyncio.timeout(ANSWER_S * 2):
                await store.ready()
        except (Failure, OSError, TimeoutError) as error:
            return str(error) or type(error).__name__
        return ""

    return probe
