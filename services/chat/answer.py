"""From an endpoint's stream to what the client gets: chunks as they come, or the one object they add up to."""

import contextlib
import re
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from atelier.v1.chat_pb2 import CompletionChunk
from services.chat.accumulate import Accumulator
from services.chat.endpoint import Timing
from services.chat.routing import Candidate
from services.kit.failures import Attempt

_FINISHED = re.compile(rb'"finish_reason"\s*:\s*"')
_USAGE = re.compile(rb'"usage"\s*:\s*\{')


@dataclass(frozen=True)
class Usage:
    """Tokens of one request."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass
class Reply:
    """Who answers a request and how it went; becomes the `atelier` object of the response."""

    timing: Timing
    model: str = ""
    endpoint: str = ""
    endpoint_id: str = ""
    local: bool = True
    attempts: list[Attempt] = field(default_factory=list)
    usage: Usage | None = None
    """As the endpoint says; None = it did not."""
    pieces: int = 0
    """Chunks that came; about as many as tokens were written."""
    finished: bool = False
    """The answer is complete."""

    def answered(self, by: Candidate, attempt: Timing) -> None:
        """The first content has come from this endpoint."""
        self.endpoint, self.endpoint_id, self.local = by.name, by.endpoint, by.local
        self.timing.first_content = attempt.first_content
        self.attempts.append(Attempt(by.name, "answered", attempt.first_token_ms))

    def as_json(self, *, done: bool) -> dict[str, Any]:
        """The `atelier` object; `latency_ms` is to the first token while the answer is being written, then in all."""
        first = self.timing.first_token_ms
        return {
            "model": self.model,
            "endpoint": self.endpoint,
            "endpoint_id": self.endpoint_id,
            "first_token_ms": first,
            "latency_ms": self.timing.elapsed_ms if done else first,
            "attempts": [_told(attempt) for attempt in self.attempts],
        }


def _told(attempt: Attempt) -> dict[str, Any]:
    return {name: value for name, value in asdict(attempt).items() if name != "message" or value}


async def streamed(
    frames: AsyncGenerator[list[bytes], None], reply: Reply, *, include_usage: bool
) -> AsyncGenerator[CompletionChunk, None]:
    """Chunk objects as they come; those of one read travel together.

    The first, the finishing and the usage chunk get the `atelier` object; the usage chunk is passed on only if the
    client asked for it.
    """
    begun = False
    async with contextlib.aclosing(frames) as batches:
        async for batch in batches:
            passed = list[bytes]()
            reply.pieces += len(batch)
            for frame in batch:
                ends = _FINISHED.search(frame) is not None
                reply.finished = reply.finished or ends
                if _USAGE.search(frame):
                    alone = _note_usage(frame, reply)
                    if alone and not include_usage:
                        continue
                    frame = _with(frame, reply.as_json(done=True))
                elif ends or not begun:
                    frame = _with(frame, reply.as_json(done=ends))
                begun = True
                passed.append(frame)
            if passed:
                yield CompletionChunk(json=passed)


async def whole(
    frames: AsyncGenerator[list[bytes], None], reply: Reply, *, chat: bool
) -> AsyncGenerator[CompletionChunk, None]:
    """The one object of a non-streaming answer, after an empty chunk that tells that it is being written."""
    accumulator = Accumulator(chat=chat)
    begun = False
    async with contextlib.aclosing(frames) as batches:
        async for batch in batches:
            if not begun:
                begun = True
                yield CompletionChunk()
            reply.pieces += len(batch)
            for frame in batch:
                if _USAGE.search(frame):
                    _note_usage(frame, reply)
                accumulator.add(orjson.loads(frame))
    reply.finished = True
    yield CompletionChunk(json=[orjson.dumps(accumulator.result() | {"atelier": reply.as_json(done=True)})])


def _note_usage(frame: bytes, reply: Reply) -> bool:
    """Remember the usage in a chunk; tells whether the chunk holds nothing else."""
    chunk = orjson.loads(frame)
    reply.usage = _usage(chunk["usage"])
    return not chunk.get("choices")


def usage_of(response: bytes) -> Usage | None:
    """The usage in a response object; None if it says none."""
    usage = orjson.loads(response).get("usage")
    return _usage(usage) if usage else None


def _usage(told: dict[str, Any]) -> Usage:
    return Usage(int(told.get("prompt_tokens") or 0), int(told.get("completion_tokens") or 0))


def _with(frame: bytes, atelier: dict[str, Any]) -> bytes:
    """The object in `frame` with one more member, without parsing it."""
    return frame.rstrip()[:-1] + b',"atelier":' + orjson.dumps(atelier) + b"}"
