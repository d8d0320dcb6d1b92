"""Questions to language models, on their way to the chat service: kept answers are given at once, all others count
against the asker's rate limit."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from atelier.v1.chat_pb2 import ChatCompletionRequest, CompletionChunk, CompletionRequest, UsageRecord
from gateway.answer_cache import AnswerCache, Kept, Question
from gateway.rate_limit import RateLimit
from gateway.registry import Registry
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.call import CallClient
from services.kit.ids import new_ulid

Chunks = AsyncGenerator[CompletionChunk, None]

_KINDS = {ChatCompletionRequest: "chat.create_chat_completion", CompletionRequest: "chat.create_completion"}


@dataclass(frozen=True)
class Answer:
    """An answer that is about to come; nothing is asked before its first chunk is awaited."""

    chunks: Chunks
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Completions:
    """Asks language models in the name of an owner."""

    def __init__(
        self, bus: Bus, calls: CallClient, rate_limit: RateLimit, cache: AnswerCache, registry: Registry
    ) -> None:
        """On these parts."""
        self._bus = bus
        self._calls = calls
        self._rate_limit = rate_limit
        self._cache = cache
        self._registry = registry

    async def ask(self, request: Question, owner_id: str, traceparent: str, *, fresh: bool = False) -> Answer:
        """The answer to a question; `fresh` passes over one that was kept. Raises `RateLimited`."""
        kind = _KINDS[type(request)]
        key = self._cache.key(kind, request, owner_id, self._registry.standing(owner_id))
        kept = self._cache.get(key) if key is not None and not fresh else None
        if kept is not None:
            await self._note(kept, kind, owner_id)
            return Answer(_again(kept), {"x-atelier-cache": "hit"})
        headers = await self._rate_limit.take(owner_id)
        chunks = self._calls.stream(kind, request, owner=owner_id, traceparent=traceparent)
        if key is None:
            return Answer(chunks, headers)
        return Answer(self._keeping(key, chunks, whole=not request.stream), {**headers, "x-atelier-cache": "miss"})

    async def _keeping(self, key: bytes, chunks: Chunks, *, whole: bool) -> Chunks:
        parts = list[bytes]()
        async with aclosing(chunks):
            async for chunk in chunks:
                parts += chunk.json
                if whole and parts:
                    # Whoever wants one object asks for nothing after it.
                    self._cache.put(key, parts)
                yield chunk
        if not whole:
            self._cache.put(key, parts)

    async def _note(self, kept: Kept, kind: str, owner_id: str) -> None:
        """Let a kept answer be counted; it used no tokens."""
        record = UsageRecord(
            id=new_ulid(),
            owner_id=owner_id,
            endpoint_id=kept.atelier.get("endpoint_id", ""),
            endpoint=kept.atelier.get("endpoint", ""),
            model=kept.atelier.get("model", ""),
            task="chat" if kind == _KINDS[ChatCompletionRequest] else "completion",
            outcome="complete",
            cached=True,
        )
        record.time.FromNanoseconds(time.time_ns())
        stored = await self._bus.post(
            subjects.usage(owner_id), record.SerializeToString(), headers={subjects.MSG_ID: record.id}
        )
        stored.add_done_callback(_forget)


async def _again(kept: Kept) -> Chunks:
    yield CompletionChunk(json=kept.parts)


def _forget(stored: asyncio.Future[Any]) -> None:
    """A count of answers that cost nothing is not worth a failure."""
    if not stored.cancelled():
        stored.exception()
