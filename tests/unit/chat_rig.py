"""A local HTTP server that streams whatever a test tells it, in OpenAI's documented shapes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from services.chat.endpoint import Endpoint, Limits

Script = Callable[["Talk"], Awaitable[None]]


@dataclass
class Talk:
    """One request and the means to answer it byte by byte."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    writer: asyncio.StreamWriter

    async def begin(self, status: int = 200, kind: str = "text/event-stream", more: str = "") -> None:
        self.writer.write(
            f"HTTP/1.1 {status} Told\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n{more}\r\n".encode()
        )
        await self.writer.drain()

    async def raw(self, data: bytes) -> None:
        self.writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self.writer.drain()

    async def say(self, chunk: dict[str, Any]) -> None:
        await self.raw(frame(chunk))

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def answer(self, status: int, body: dict[str, Any], more: str = "") -> None:
        data = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n{more}\r\n"
        self.writer.write(head.encode() + data)
        await self.writer.drain()


def frame(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def delta(index: int = 0, finish: str | None = None, **said: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": said, "logprobs": None, "finish_reason": finish}
    envelope = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
    return {**envelope, "choices": [choice]}


def usage(prompt: int = 3, completion: int = 2) -> dict[str, Any]:
    told = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 7,
        "model": "m",
        "choices": [],
        "usage": told,
    }


@dataclass
class Server:
    """Where it listens, what it was asked, and how many of its requests ended because the client went away."""

    script: Script
    port: int = 0
    talks: list[Talk] = field(default_factory=list)
    connections: int = 0
    endpoints: list[Endpoint] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    away: bool = False
    """Hangs up on whoever asks, as a proxy does whose server has gone."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def endpoint(self, **limits: float) -> Endpoint:
        """A way to it, closed when it is over."""
        self.endpoints.append(Endpoint("test", self.url, api_key="k", limits=Limits(**limits)))
        return self.endpoints[-1]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) and not self.away:
                lines = head.decode().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                talk = Talk(lines[0].split()[1], json.loads(body) if body else {}, headers, writer)
                self.talks.append(talk)
                await self.script(talk)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone.set()
        finally:
            writer.close()


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Server]:
    """A server on a port of its own."""
    server = Server(script)
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        for endpoint in server.endpoints:
            await endpoint.close()
        listener.close()
