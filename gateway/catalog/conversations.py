"""Reading and writing conversations and their messages."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog import pages
from gateway.catalog.models import ConversationRow, MessageRow, now

# No branch of a conversation is followed further back than this; models take in far less.
_MAX_DEPTH = 10_000
# Each comes with its whole conversation.
_RATED_AT_ONCE = 50

ConversationAndCount = tuple[ConversationRow, int]


def _counted() -> Select[ConversationRow, int]:
    count = (
        select(func.count())
        .where(MessageRow.conversation_id == ConversationRow.id)
        .correlate(ConversationRow)
        .scalar_subquery()
    )
    return select(ConversationRow, func.coalesce(count, 0))


async def get(session: AsyncSession, owner_id: str, conversation_id: str) -> ConversationAndCount | None:
    """An owner's conversation and how many messages it has."""
    query = _counted().where(ConversationRow.id == conversation_id, ConversationRow.owner_id == owner_id)
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def page(
    session: AsyncSession, owner_id: str, text: str | None, limit: int, cursor: str | None
) -> pages.Part[ConversationAndCount]:
    """An owner's conversations, the one with the latest message first; `text` is looked for in titles and messages."""
    query = _counted().where(ConversationRow.owner_id == owner_id)
    if text:
        said = select(MessageRow.id).where(
            MessageRow.conversation_id == ConversationRow.id, MessageRow.content.icontains(text, autoescape=True)
        )
        query = query.where(or_(ConversationRow.title.icontains(text, autoescape=True), said.exists()))
    if cursor:
        moment, last_id = pages.decode(cursor, 2)
        at = _moment(moment)
        older = and_(ConversationRow.updated_at == at, ConversationRow.id < last_id)
        query = query.where(or_(ConversationRow.updated_at < at, older))
    query = query.order_by(ConversationRow.updated_at.desc(), ConversationRow.id.desc()).limit(limit + 1)
    rows: list[ConversationAndCount] = [(row[0], row[1]) for row in await session.execute(query)]
    return pages.cut(rows, limit, lambda row: (row[0].updated_at.isoformat(), row[0].id))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return pages.refuse()
    return moment if moment.tzinfo is not None else pages.refuse()


async def messages(session: AsyncSession, conversation_id: str) -> Sequence[MessageRow]:
    """All messages of a conversation, oldest first."""
    query = select(MessageRow).where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.id)
    return (await session.scalars(query)).all()


async def message(session: AsyncSession, conversation_id: str, message_id: str) -> MessageRow | None:
    """One message of a conversation."""
    query = select(MessageRow).where(MessageRow.id == message_id, MessageRow.conversation_id == conversation_id)
    return await session.scalar(query)


async def ratings(session: AsyncSession, owner_id: str) -> tuple[int, int]:
    """How many answers an owner rated good and bad."""
    query = (
        select(MessageRow.rating, func.count())
        .where(MessageRow.owner_id == owner_id, MessageRow.rating.is_not(None))
        .group_by(MessageRow.rating)
    )
    counts = {found[0]: found[1] for found in await session.execute(query)}
    return counts.get(1, 0), counts.get(-1, 0)


async def rated(
    session: AsyncSession, owner_id: str, *, good_only: bool = False
) -> AsyncGenerator[tuple[ConversationRow, list[MessageRow]]]:
    """An owner's rated answers, oldest first: each as the end of what was said up to it, with its conversation."""
    wanted = MessageRow.rating == 1 if good_only else MessageRow.rating.is_not(None)
    query = (
        select(MessageRow, ConversationRow)
        .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
        .where(MessageRow.owner_id == owner_id, wanted)
        .order_by(MessageRow.id)
        .limit(_RATED_AT_ONCE)
    )
    last_id = ""
    while answers := (await session.execute(query.where(MessageRow.id > last_id))).all():
        said: dict[str, list[MessageRow]] = {of.id: [] for _, of in answers}
        beside = select(MessageRow).where(MessageRow.conversation_id.in_(sorted(said))).order_by(MessageRow.id)
        for row in await session.scalars(beside):
            said[row.conversation_id].append(row)
        for answer, of in answers:
            yield of, branch(said[of.id], answer.id)
        last_id = answers[-1][0].id


def branch(rows: Sequence[MessageRow], leaf_id: str | None) -> list[MessageRow]:
    """The messages from the first one to `leaf_id`, along parents."""
    by_id = {row.id: row for row in rows}
    path: list[MessageRow] = []
    while leaf_id is not None and leaf_id in by_id and len(path) < _MAX_DEPTH:
        path.append(by_id[leaf_id])
        leaf_id = by_id[leaf_id].parent_id
    return path[::-1]


async def update_message(session: AsyncSession, message_id: str, **changes: Any) -> None:
    """Change a message that is being written; it counts as alive for another while."""
    await session.execute(update(MessageRow).where(MessageRow.id == message_id).values(updated_at=now(), **changes))


async def touch(session: AsyncSession, conversation_id: str, **changes: Any) -> None:
    """Change a conversation and move it to the top of the list."""
    values = {"updated_at": now(), **changes}
    await session.execute(update(ConversationRow).where(ConversationRow.id == conversation_id).values(**values))


async def end_abandoned(session: AsyncSession, silence: timedelta) -> int:
    """Messages whose writer has died are kept with what was written; returns how many there were."""
    result = await session.execute(
        update(MessageRow)
        .where(MessageRow.status == "streaming", MessageRow.updated_at < now() - silence)
        .values(status="stopped")
    )
    return getattr(result, "rowcount", 0)
