"""The phrases of owners' prompts: learned from jobs, followed, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog.database import insert_missing
from gateway.catalog.models import JOBS, PHRASES, PhraseBookRow

# Keys in one statement.
_AT_ONCE = 500
_KNOWN = (PHRASES.c.key, PHRASES.c.text, PHRASES.c.uses, PHRASES.c.heat)


@dataclass(frozen=True)
class Lesson:
    """A job whose prompt is to be learned."""

    owner_id: str
    prompt: str
    at: datetime


async def claim(session: AsyncSession, limit: int) -> list[Lesson]:
    """Jobs not learned from so far; in this transaction, and by no other, they are."""
    # The condition stands twice: whoever waited for another transaction's rows looks at the outer one again.
    some = select(JOBS.c.id).where(~JOBS.c.learned).order_by(JOBS.c.id).limit(limit)
    statement = (
        update(JOBS)
        .where(JOBS.c.id.in_(some), ~JOBS.c.learned)
        .values(learned=True)
        .returning(JOBS.c.owner_id, JOBS.c.params, JOBS.c.created_at)
    )
    rows = (await session.execute(statement)).all()
    return [Lesson(owner, str(params.get("prompt") or ""), at) for owner, params, at in rows]


async def turn_page(session: AsyncSession, owner_id: str, prompts: int) -> int:
    """Begin a new revision of an owner's book for so many more prompts; other writers wait until this one is kept."""
    new = {"owner_id": owner_id, "revision": 0, "edition": 0, "phrases": 0, "prompts": 0}
    await insert_missing(session, PhraseBookRow, [new])
    statement = (
        update(PhraseBookRow)
        .where(PhraseBookRow.owner_id == owner_id)
        .values(revision=PhraseBookRow.revision + 1, prompts=PhraseBookRow.prompts + prompts)
        .returning(PhraseBookRow.revision)
    )
    return (await session.scalars(statement)).one()


async def known(session: AsyncSession, owner_id: str, keys: Sequence[str]) -> dict[str, tuple[int, float]]:
    """Uses and heat of those of the phrases that are known."""
    found: dict[str, tuple[int, float]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = PHRASES.c.key.in_(keys[start : start + _AT_ONCE])
        query = select(PHRASES.c.key, PHRASES.c.uses, PHRASES.c.heat).where(PHRASES.c.owner_id == owner_id, some)
        found |= {name: (uses, heat) for name, uses, heat in await session.execute(query)}
    return found


async def put(session: AsyncSession, owner_id: str, rows: Sequence[dict[str, Any]], new: int) -> int:
    """Insert or replace phrases, of which so many are new; returns how many the owner has now."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(PHRASES)
    statement = statement.on_conflict_do_update(
        index_elements=[PHRASES.c.owner_id, PHRASES.c.key],
        set_={name: statement.excluded[name] for name in ("text", "uses", "heat", "revision")},
    )
    await session.execute(statement, list(rows))
    count = (
        update(PhraseBookRow)
        .where(PhraseBookRow.owner_id == owner_id)
        .values(phrases=PhraseBookRow.phrases + new)
        .returning(PhraseBookRow.phrases)
    )
    return (await session.scalars(count)).one()


async def drop_coldest(session: AsyncSession, owner_id: str, count: int) -> None:
    """Take out the phrases that were used least and longest ago."""
    coldest = select(PHRASES.c.key).where(PHRASES.c.owner_id == owner_id).order_by(PHRASES.c.heat).limit(count)
    mine = PHRASES.c.owner_id == owner_id
    await session.execute(delete(PHRASES).where(mine, PHRASES.c.key.in_(coldest)))
    await _new_edition(session, owner_id)


async def forget(session: AsyncSession, owner_id: str) -> None:
    """Take out all of an owner's, and learn nothing from what was asked so far."""
    await session.execute(update(JOBS).where(JOBS.c.owner_id == owner_id, ~JOBS.c.learned).values(learned=True))
    await session.execute(delete(PHRASES).where(PHRASES.c.owner_id == owner_id))
    await session.execute(update(PhraseBookRow).where(PhraseBookRow.owner_id == owner_id).values(prompts=0))
    await _new_edition(session, owner_id)


async def _new_edition(session: AsyncSession, owner_id: str) -> None:
    left = select(func.count()).select_from(PHRASES).where(PHRASES.c.owner_id == owner_id).scalar_subquery()
    statement = (
        update(PhraseBookRow)
        .where(PhraseBookRow.owner_id == owner_id)
        .values(edition=PhraseBookRow.edition + 1, phrases=left)
    )
    await session.execute(statement)


async def book(session: AsyncSession, owner_id: str) -> PhraseBookRow | None:
    """How an owner's book stands; None = nothing was ever learned."""
    return await session.scalar(select(PhraseBookRow).where(PhraseBookRow.owner_id == owner_id))


async def changes(session: AsyncSession, owner_id: str, since: int, limit: int) -> list[tuple[str, str, int, float]]:
    """Key, text, uses and heat of the phrases that changed after a revision; at most `limit`."""
    wanted = and_(PHRASES.c.owner_id == owner_id, PHRASES.c.revision > since)
    rows = await session.execute(select(*_KNOWN).where(wanted).limit(limit))
    return [(name, text, uses, heat) for name, text, uses, heat in rows]


async def part(session: AsyncSession, owner_id: str, after: str, limit: int) -> list[tuple[str, str, int, float]]:
    """The same of all, `limit` at a time, in the database's own order of keys."""
    wanted = and_(PHRASES.c.owner_id == owner_id, PHRASES.c.key > after)
    rows = await session.execute(select(*_KNOWN).where(wanted).order_by(PHRASES.c.key).limit(limit))
    return [(name, text, uses, heat) for name, text, uses, heat in rows]


async def waiting(session: AsyncSession) -> bool:
    """True if there is a job that was not learned from."""
    return await session.scalar(select(JOBS.c.id).where(~JOBS.c.learned).limit(1)) is not None
