"""Questions to language models, on their way to the chat service: kept answers are given at once, all others count
against the asker's rate limit."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from atelier.v1.chat_pb2 import ChatCompletionRequest, CompletionChunk, CompletionRequest, UsageRecord
from gateway.answer_cache import AnswerCache, Kept, Question
from gateway.rate_limit import RateLimit
from gateway.registry import Registry
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.call import CallClient
from services.kit.failures import Failure
from services.kit.ids import new_ulid

log = structlog.get_logger(__name__)

Chunks = AsyncGenerator[CompletionChunk, None]

_TELL_EVERY_S = 1.0
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
        self._hits: Counter[tuple[str, str, str, str, str]] = Counter()

    async def ask(self, request: Question, owner_id: str, traceparent: str, *, fresh: bool = False) -> Answer:
        """The answer to a question; `fresh` passes over one that was kept. Raises `RateLimited`."""
        kind = _KINDS[type(request)]
        key = self._cache.key(kind, request, owner_id, self._registry.standing(owner_id))
        kept = self._cache.get(key) if key is not None and not fresh else None
        if kept is not None:
            self._note(kept, kind, owner_id)
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

    async def run(self) -> None:
        """Tell of kept answers that were given again, until cancelled."""
        while True:
            await asyncio.sleep(_TELL_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Tell now. A count that is lost cost nobody anything."""
        hits, self._hits = self._hits, Counter()
        for (owner_id, endpoint_id, endpoint, model, task), count in hits.items():
            record = UsageRecord(
                id=new_ulid(),
                owner_id=owner_id,
                endpoint_id=endpoint_id,
                endpoint=endpoint,
                model=model,
                task=task,
                outcome="complete",
                cached=True,
                requests=count,
            )
            record.time.FromNanoseconds(time.time_ns())
            data, headers = record.SerializeToString(), {subjects.MSG_ID: record.id}
            try:
                await self._bus.store(subjects.usage(owner_id), data, headers=headers)
            except Failure as failure:
                log.warning("usage_lost", owner=owner_id, answers=count, error=failure.message)

    def _note(self, kept: Kept, kind: str, owner_id: str) -> None:
        """Count a kept answer that was given again: it used no tokens, but somebody asked."""
        by = kept.atelier
        task = "chat" if kind == _KINDS[ChatCompletionRequest] else "completion"
        self._hits[owner_id, by.get("endpoint_id", ""), by.get("endpoint", ""), by.get("model", ""), task] += 1


async def _again(kept: Kept) -> Chunks:
    yield CompletionChunk(json=kept.parts)
