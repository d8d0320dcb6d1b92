"""Learns phrases from the prompts of accepted jobs, each job once, beside the requests. All copies of the gateway share
the work."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog import phrases as catalog
from gateway.catalog.database import Database
from gateway.catalog.phrases import Lesson
from gateway.suggestions import phrases

log = structlog.get_logger(__name__)

# Jobs of one transaction: few enough that no job that comes in waits for it noticeably.
_AT_ONCE = 50
# Long enough to gather what comes in together.
_GATHER_S = 0.5
_PAUSE_S = 0.02
# Jobs that another copy accepted and had no time to learn from.
_LOOK_S = 10.0
_AGAIN_S = 1.0
MOST_PHRASES = 200_000
"""Of one owner; beyond it the coldest tenth goes."""
_HALF_LIFE_S = 30 * 86400.0


def heat(uses: Sequence[float], before: float | None = None) -> float:
    """How much a phrase is in use: every use counts 1 and half as much after each 30 days. Kept as the logarithm (base
    2) of the count as it was in 1970, so it need not be renewed as time goes by, and phrases compare at any time.

    `uses` are Unix times; `before` is the heat there was.
    """
    terms = [at / _HALF_LIFE_S for at in uses] + ([] if before is None else [before])
    most = max(terms)
    return most + math.log2(sum(2 ** (term - most) for term in terms))


class Learner:
    """Reads jobs and writes phrases, both in one transaction, so that a job teaches once whatever dies."""

    def __init__(self, database: Database, most_phrases: int = MOST_PHRASES) -> None:
        """Nothing is learned until `run`."""
        self._database = database
        self._most_phrases = most_phrases
        self._come = asyncio.Event()

    def poke(self) -> None:
        """A job was accepted."""
        self._come.set()

    async def run(self) -> None:
        """Learn until cancelled."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._come.wait()
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(_GATHER_S)
            self._come.clear()
            try:
                await self.catch_up()
            except (SQLAlchemyError, OSError) as error:
                log.warning("prompts_not_learned", error=str(error))
                await asyncio.sleep(_AGAIN_S)

    async def catch_up(self) -> None:
        """Learn from all jobs there are."""
        while True:
            if not await self.learn():
                return
            # Whoever else writes has a turn in between.
            await asyncio.sleep(_PAUSE_S)

    async def learn(self) -> int:
        """Learn from some jobs; returns from how many."""
        async with self._database.read() as session:
            if not await catalog.waiting(session):
                return 0
        async with self._database.write() as session:
            lessons = await catalog.claim(session, _AT_ONCE)
            by_owner: dict[str, list[Lesson]] = defaultdict(list)
            for lesson in lessons:
                by_owner[lesson.owner_id].append(lesson)
            # In one order everywhere: two copies never wait for each other's owners.
            for owner_id in sorted(by_owner):
                await self.teach(session, owner_id, by_owner[owner_id])
        return len(lessons)

    async def teach(self, session: AsyncSession, owner_id: str, lessons: Sequence[Lesson]) -> None:
        """Write what an owner's prompts teach, in a transaction that is under way."""
        texts: dict[str, str] = {}
        times: dict[str, list[datetime]] = defaultdict(list)
        for lesson in lessons:
            for name, text in phrases.split(lesson.prompt).items():
                texts[name] = text
                times[name].append(lesson.at)
        revision = await catalog.turn_page(session, owner_id, len(lessons))
        if not texts:
            return
        known = await catalog.known(session, owner_id, list(texts))
        rows = [_row(owner_id, revision, name, texts[name], times[name], known.get(name)) for name in texts]
        count = await catalog.put(session, owner_id, rows, len(texts) - len(known))
        if count > self._most_phrases:
            await catalog.drop_coldest(session, owner_id, count - self._most_phrases * 9 // 10)

    async def forget(self, owner_id: str) -> None:
        """Forget an owner's prompts."""
        async with self._database.write() as session:
            await catalog.forget(session, owner_id)


def _row(
    owner_id: str, revision: int, name: str, text: str, times: Sequence[datetime], known: tuple[int, float] | None
) -> dict[str, Any]:
    uses, before = known or (0, None)
    return {
        "owner_id": owner_id,
        "key": name,
        "text": text,
        "uses": uses + len(times),
        "heat": heat([at.timestamp() for at in times], before),
        "revision": revision,
    }
