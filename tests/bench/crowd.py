"""Many streams at once from one process: a client of OpenAI's API that only looks for where an answer begins and ends.

`openai_client` reads line by line, some 100 µs a token; at several hundred streams that would be the bottleneck. This
one costs some microseconds for whatever a read brings, and counts the tokens once the answer is there.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import orjson

from tests.bench.mock_upstream import TOKENS

_CONTENT = re.compile(rb'"content"\s*:\s*"[^"]')
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
# With the end of the chunk before it: a head, too, may end in a nought and an empty line.
_CHUNKED_END = b"\r\n0\r\n\r\n"
_DONE = b"data: [DONE]"
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Told:
    """One complete answer: seconds to its first content and to its end, and tokens (deltas with content)."""

    first_s: float
    whole_s: float
    tokens: int


@dataclass
class Tally:
    """What a crowd got: its answers, and why others are missing."""

    answers: list[Told] = field(default_factory=list[Told])
    failures: list[str] = field(default_factory=list[str])
    took_s: float = 0.0


@dataclass(frozen=True)
class Question:
    """What everyone asks."""

    model: str
    tokens: int = TOKENS
    stream: bool = True
    temperature: float = 1.0
    content: str = "Say something about the sea."
    fresh: bool = False
    """Passes over an answer that was kept."""

    def request(self, host: str) -> bytes:
        """As it goes over the wire."""
        asked = {
            "model": self.model,
            "messages": [{"role": "user", "content": self.content}],
            "max_tokens": self.tokens,
            "temperature": self.temperature,
            "stream": self.stream,
        }
        if self.stream:
            asked["stream_options"] = {"include_usage": True}
        body = orjson.dumps(asked)
        cache = "Cache-Control: no-cache\r\n" if self.fresh else ""
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"{cache}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class Wrong(Exception):
    """An answer that is none; the text says what came."""


class Line(asyncio.Protocol):
    """One connection, kept for many requests."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._pieces: list[bytes] = []
        self._tail = b""
        self._length: int | None = None
        self._size = 0
        self._began = self._first = 0.0
        self._over: asyncio.Future[float] | None = None

    @staticmethod
    async def to(url: str) -> Line:
        """A new connection."""
        place = urlsplit(url)
        host, port = place.hostname or "127.0.0.1", place.port or 80
        _, line = await asyncio.get_running_loop().create_connection(Line, host, port)
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_exception(Wrong(f"the connection was closed {exc or ''}"))

    def data_received(self, data: bytes) -> None:
        if self._over is None or self._over.done():
            return
        if not self._pieces:
            head = data.partition(b"\r\n\r\n")[0]
            found = _LENGTH.search(head)
            self._length = int(found[1]) + len(head) + 4 if found else None
        self._pieces.append(data)
        self._size += len(data)
        if not self._first and _CONTENT.search(data):
            self._first = time.perf_counter()
        self._tail = (self._tail + data)[-len(_CHUNKED_END) :]
        complete = self._tail.endswith(_CHUNKED_END) if self._length is None else self._size >= self._length
        if complete:
            self._over.set_result(time.perf_counter())

    async def ask(self, request: bytes, *, stream: bool) -> tuple[Told, bytes]:
        """The answer and what it said. Raises `Wrong`, and TimeoutError when it does not come."""
        self._pieces, self._tail, self._length, self._size, self._first = [], b"", None, 0, 0.0
        self._over = asyncio.get_running_loop().create_future()
        self._began = time.perf_counter()
        self._transport.write(request)
        async with asyncio.timeout(_PATIENCE_S):
            ended = await self._over
        said = b"".join(self._pieces)
        if not said.startswith(b"HTTP/1.1 200") or (stream and _DONE not in said):
            raise Wrong(said[-300:].decode(errors="replace"))
        first = (self._first or ended) - self._began
        return Told(first, ended - self._began, len(_CONTENT.findall(said))), said

    def close(self) -> None:
        self._transport.close()


async def crowd(
    url: str, question: Question, places: int, *, turns: int = 0, seconds: float = 0.0, spread_s: float = 0.0
) -> Tally:
    """`places` connections that each ask `turns` times, or for `seconds`. They begin spread evenly over `spread_s`.

    A place whose answer fails goes on over a new connection.
    """
    request, tally = question.request(urlsplit(url).netloc), Tally()
    lines = [await Line.to(url) for _ in range(places)]
    began = time.perf_counter()

    async def place(number: int) -> None:
        await asyncio.sleep(spread_s * number / places)
        asked = 0
        while asked < turns if turns else time.perf_counter() - began < seconds:
            asked += 1
            try:
                told, _ = await lines[number].ask(request, stream=question.stream)
                if question.stream and told.tokens != question.tokens:
                    raise Wrong(f"{told.tokens} tokens of {question.tokens}")
                tally.answers.append(told)
            except (Wrong, OSError, TimeoutError) as reason:
                tally.failures.append(f"{type(reason).__name__}: {reason}"[:300])
                lines[number].close()
                lines[number] = await Line.to(url)

    await asyncio.gather(*(place(number) for number in range(places)))
    tally.took_s = time.perf_counter() - began
    for line in lines:
        line.close()
    return tally


def ms(seconds: Sequence[float], share: float) -> float:
    """That quantile, in milliseconds; NaN of nothing."""
    if not seconds:
        return math.nan
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3
