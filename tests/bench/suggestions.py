"""Completion with many learned prompts: `python -m tests.bench.suggestions --help`.

A gateway of its own learns the prompts from the rows of its catalog, as it does from accepted jobs. Then phrases are
typed as people type them: of a phrase that was learned, or of the vocabulary, a beginning of random length, every third
with a typing error. Told are the gateway's own times, from the request's head to the answer's first byte, as its log
has them, and those the client sees over one connection.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import tempfile
import time
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx
import uvloop

from gateway.auth import LOCAL_OWNER
from gateway.catalog.database import Database
from gateway.catalog.models import JOBS, now
from gateway.suggestions.vocabulary import vocabulary
from services.kit.ids import new_ulid
from tests.stack import Stack

_START_MS = re.compile(r"path=/api/suggestions/autocomplete[^\n]*?start_ms=([\d.]+)")
_AT_ONCE = 2000
_WARM_UP = 50
# The supervisor writes the log of the gateway a moment after it speaks.
_LOG_LAGS_S = 0.5
_SYLLABLES = [c + v for c in "bcdfghjklmnprstvwz" for v in "aeiou"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.suggestions", description=__doc__)
    parser.add_argument("--prompts", type=int, default=100_000, help="learned before")
    parser.add_argument("--requests", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="atelier-bench-suggestions-") as name:
        stack = Stack(Path(name), {"ATELIER_SERVICES": "gateway"})
        try:
            stack.start()
            figures = uvloop.run(measure(stack, options.prompts, options.requests))
        finally:
            stack.stop()
    print("| | |\n|---|---:|")
    for told, value in figures.items():
        print(f"| {told} | {value} |")
    print(json.dumps({"suggestions": figures}))


async def measure(stack: Stack, prompts: int, requests: int) -> dict[str, Any]:
    """Learn, then complete one request after another."""
    chance = random.Random(1)
    phrases = _phrases(chance)
    async with httpx.AsyncClient(base_url=stack.url, timeout=60, trust_env=False) as client:
        await _keep(stack, chance, phrases, prompts)
        began = time.monotonic()
        learned = await _learned(client, prompts)
        took_s = time.monotonic() - began
        typed = [_typed(chance, phrases) for _ in range(requests)]
        began = time.monotonic()
        await _complete(client, "first")
        first_s = time.monotonic() - began
        for text in typed[:_WARM_UP]:
            await _complete(client, text)
        log = stack.home / "logs" / "gateway.log"
        await asyncio.sleep(_LOG_LAGS_S)
        read = log.stat().st_size
        seen: list[float] = []
        for text in typed:
            began = time.perf_counter()
            await _complete(client, text)
            seen.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(_LOG_LAGS_S)
        own = [float(found) for found in _START_MS.findall(log.read_bytes()[read:].decode())]
    return {
        "prompts": prompts,
        "different phrases": learned["phrases"],
        "learning, prompts a second": round(prompts / took_s),
        "first completion (reads them all), s": round(first_s, 2),
        "requests": len(own),
        "server p50 ms": _part(own, 0.5),
        "server p95 ms": _part(own, 0.95),
        "server p99 ms": _part(own, 0.99),
        "client p50 ms": _part(seen, 0.5),
        "client p95 ms": _part(seen, 0.95),
        "gateway's resident memory, MiB": round(stack.process("gateway").memory_info().rss / 1024**2),
    }


def _phrases(chance: random.Random) -> list[str]:
    """Words and phrases as common as in writing: few are used much, most seldom."""
    words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(15_000)]
    words += [word for name in vocabulary().by_key for word in name.split()]
    # Added up once: `choices` would do so with every call.
    shares = list(accumulate(1 / (place + 10) for place in range(len(words))))
    made = (" ".join(chance.choices(words, cum_weights=shares, k=chance.randint(1, 4))) for _ in range(300_000))
    return [*vocabulary().by_key, *made]


async def _keep(stack: Stack, chance: random.Random, phrases: list[str], prompts: int) -> None:
    """Rows of jobs that ended, and that nothing was learned from so far."""
    database = Database(f"sqlite:///{stack.home / 'catalog.db'}")
    shares = list(accumulate(1 / (place + 200) ** 0.6 for place in range(len(phrases))))
    moment = now()
    for start in range(0, prompts, _AT_ONCE):
        rows = [
            _row(
                ", ".join(chance.choices(phrases, cum_weights=shares, k=chance.randint(2, 6))),
                moment - timedelta(minutes=n),
            )
            for n in range(start, min(prompts, start + _AT_ONCE))
        ]
        async with database.write() as session:
            await session.execute(JOBS.insert(), rows)
    await database.close()


def _row(prompt: str, at: Any) -> dict[str, Any]:
    texts = {
        "kind": "diffusion.text_to_image",
        "service": "diffusion",
        "status": "completed",
        "stage": "",
        "message": "",
    }
    numbers = {"priority": 0, "run": 1, "progress": 1.0, "attempts": 1, "last_seq": 0}
    times = {"created_at": at, "updated_at": at}
    known = {"owner_id": LOCAL_OWNER, "published": True, "request": b"", "params": {"prompt": prompt}, "learned": False}
    return {"id": new_ulid(), **texts, **numbers, **times, **known}


async def _learned(client: httpx.AsyncClient, prompts: int) -> dict[str, int]:
    while True:
        found = (await client.get("/api/suggestions/learned")).raise_for_status().json()
        if found["prompts"] >= prompts:
            return found
        await asyncio.sleep(0.5)


def _typed(chance: random.Random, phrases: list[str]) -> str:
    phrase = chance.choice(phrases)
    text = phrase[: chance.randint(2, max(2, len(phrase)))]
    if chance.random() < 1 / 3 and len(text) > 3:
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice("aeiourstln") + text[place + chance.randint(0, 1) :]
    return f"a cat, {text}"


async def _complete(client: httpx.AsyncClient, text: str) -> None:
    (await client.get("/api/suggestions/autocomplete", params={"q": text, "limit": 8})).raise_for_status()


def _part(times: list[float], part: float) -> float:
    return round(sorted(times)[min(len(times) - 1, int(len(times) * part))], 1)


if __name__ == "__main__":
    main()
