"""Answers that are kept for the same question asked again, where asking again could only give the same answer.

Each copy of the gateway keeps its own: one that is missed costs a request to the model, nothing else.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cachetools import TTLCache

from atelier.v1.chat_pb2 import ChatCompletionRequest, CompletionRequest

Question = ChatCompletionRequest | CompletionRequest

# Longer answers are not worth their place.
_MOST_BYTES = 256 * 1024
_ATELIER = b'"atelier":'


@dataclass(frozen=True)
class Kept:
    """An answer: OpenAI's objects as they are sent again, and who gave it."""

    parts: tuple[bytes, ...]
    atelier: Mapping[str, Any]
    size: int


class AnswerCache:
    """The answers last given, as many as fit."""

    def __init__(self, *, max_bytes: int, ttl_s: float) -> None:
        """`max_bytes` 0 = none are kept."""
        # What it is asked to keep must fit; a cache of no size refuses everything.
        self._kept: TTLCache[bytes, Kept] = TTLCache(max_bytes, ttl_s, getsizeof=_size)

    def key(self, kind: str, request: Question, owner_id: str, standing: bytes) -> bytes | None:
        """What stands for the question; None if its answer is not to be kept. `standing` is the state of the owner's
        endpoints and routing: under another one somebody else might answer."""
        if not self._kept.maxsize or not deterministic(request):
            return None
        told = hashlib.blake2b(request.SerializeToString(deterministic=True), digest_size=24)
        for part in (kind.encode(), owner_id.encode(), standing):
            told.update(len(part).to_bytes(4) + part)
        return told.digest()

    def get(self, key: bytes) -> Kept | None:
        """The answer to a question that was asked before."""
        return self._kept.get(key)

    def put(self, key: bytes, parts: Sequence[bytes]) -> None:
        """Keep a complete answer, if it is one that would be given again."""
        if (kept := keepable(parts)) is not None and kept.size <= self._kept.maxsize:
            self._kept[key] = kept


def deterministic(request: Question) -> bool:
    """Whether the same request means the same answer: nothing is left to chance, or chance has a seed."""
    return (request.HasField("temperature") and request.temperature == 0) or request.HasField("seed")


def keepable(parts: Sequence[bytes]) -> Kept | None:
    """A complete answer as it is to be given again; None if not the endpoint that was meant to gave it."""
    size = sum(len(part) for part in parts)
    if size > _MOST_BYTES:
        return None
    shown = list[bytes]()
    last: dict[str, Any] = {}
    for part in parts:
        told: dict[str, Any] = orjson.loads(part) if _ATELIER in part else {}
        if "atelier" in told:
            last = told["atelier"]
            part = orjson.dumps({**told, "atelier": _again(last)})
        shown.append(part)
    # A fallback's answer is good for once: the next may be the active endpoint's again.
    if [attempt["outcome"] for attempt in last.get("attempts", ())] != ["answered"]:
        return None
    return Kept(tuple(shown), last, sum(len(part) for part in shown))


def _again(atelier: Mapping[str, Any]) -> dict[str, Any]:
    """The `atelier` object of an answer that no model was asked for."""
    return {**atelier, "first_token_ms": 0, "latency_ms": 0, "attempts": [], "cached": True}


def _size(kept: Kept) -> int:
    return kept.size
