"""A client of OpenAI's streaming API that costs next to nothing, so that what is measured is the server."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

# Not yet content: the opening chunk, which carries the role and an empty text.
_CONTENT = re.compile(rb'"content"\s*:\s*"[^"]')
_TOKENS = re.compile(rb'"completion_tokens"\s*:\s*(\d+)')
_DONE = b"data: [DONE]"
_LINES_LIMIT = 1 << 20


@dataclass(frozen=True)
class Server:
    """`address` is an HTTP URL, or the path of a Unix socket."""

    name: str
    address: str

    async def connect(self) -> Connection:
        if self.address.startswith("http"):
            url = urlsplit(self.address)
            return Connection(*await asyncio.open_connection(url.hostname, url.port, limit=_LINES_LIMIT))
        return Connection(*await asyncio.open_unix_connection(self.address, limit=_LINES_LIMIT))


@dataclass(frozen=True)
class Answer:
    """Seconds to the first content and to the end, and tokens written."""

    first_s: float
    whole_s: float
    tokens: int


@dataclass(frozen=True)
class Connection:
    """One connection, kept for many requests as the SDKs do."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def chat(self, model: str, prompt: str, tokens: int) -> Answer:
        """Streams exactly `tokens` tokens. Raises RuntimeError with the server's words when it refuses."""
        asked = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": tokens,
            "temperature": 0,
            # vLLM's own: goes on to the full length, so that every answer is as much work as the other.
            "ignore_eos": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        body = json.dumps(asked).encode()
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        self.writer.write(head.encode() + body)
        status = await self.reader.readline()
        if b" 200 " not in status:
            raise RuntimeError((status + await self.reader.read(4096)).decode(errors="replace"))
        first = 0.0
        written = 0
        while True:
            line = await self.reader.readline()
            if not line:
                raise RuntimeError("the server closed the connection in the middle of an answer")
            if not first and _CONTENT.search(line):
                first = time.perf_counter() - began
            if usage := _TOKENS.search(line):
                written = int(usage[1])
            if line.startswith(_DONE):
                break
        whole = time.perf_counter() - began
        # The empty last chunk: its size line is "0".
        while (await self.reader.readline()).strip() != b"0":
            pass
        await self.reader.readline()
        return Answer(first or whole, whole, written)

    def close(self) -> None:
        self.writer.close()
