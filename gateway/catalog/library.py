"""Finding assets: lists, search, tags, figures. Every list goes on at a key of its order, so that the last part of a
million costs what the first one does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, cast, column, func, select, table, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog import pages, words
from gateway.catalog.assets import EPOCH, seq_at
from gateway.catalog.models import AssetRow, AssetTagRow, BoardAssetRow

Sort = Literal["newest", "oldest", "largest", "added"]
Conditions = list[ColumnElement[bool]]

# The hidden column named like the table is what an FTS5 query is put to.
_FTS = table("asset_words", column("rowid"), column("asset_words"))


@dataclass(frozen=True)
class AssetFilter:
    """Which of an owner's assets; None = any."""

    text: str | None = None
    kind: str | None = None
    tags: tuple[str, ...] = ()
    model: str | None = None
    board_id: str | None = None
    favourite: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    source: str | None = None
    job_id: str | None = None
    project_id: str | None = None


async def page(
    session: AsyncSession, owner_id: str, wanted: AssetFilter, sort: Sort, limit: int, cursor: str | None
) -> pages.Part[AssetRow]:
    """An owner's assets in an order; `added` is the order of the board, which the filter must name."""
    query = select(AssetRow).where(AssetRow.owner_id == owner_id, *_properties(wanted))
    if wanted.board_id is not None:
        on_it = (BoardAssetRow.asset_id == AssetRow.id) & (BoardAssetRow.board_id == wanted.board_id)
        query = query.join(BoardAssetRow, on_it)
    if sort == "added":
        return await _as_added(session, query.where(*await _words(session, owner_id, wanted)), limit, cursor)
    after = _after(cursor, sort)
    if sort == "largest":
        key = tuple_(AssetRow.size, AssetRow.seq)
        beyond = [key < tuple_(*after)] if after else []
        query = query.where(*await _words(session, owner_id, wanted), *beyond)
        query = query.order_by(AssetRow.size.desc(), AssetRow.seq.desc())
    else:
        last = after[1] if after else None
        part = _Part(sort, last, limit + 1)
        query = query.where(*await _words(session, owner_id, wanted, part), *part.beyond(AssetRow.seq))
        query = query.order_by(part.order(AssetRow.seq))
    rows = (await session.scalars(query.limit(limit + 1))).all()
    return pages.cut(rows, limit, lambda row: (sort, str(row.size), str(row.seq)))


@dataclass(frozen=True)
class _Part:
    """A part of a list by time: which way, after what, how much."""

    sort: Sort
    last: int | None
    limit: int

    def beyond(self, seq: SQLColumnExpression[int]) -> Conditions:
        """What comes after the last one shown."""
        if self.last is None:
            return []
        return [seq < self.last if self.sort == "newest" else seq > self.last]

    def order(self, seq: SQLColumnExpression[int]) -> ColumnElement[Any]:
        """Newest or oldest first."""
        return seq.desc() if self.sort == "newest" else seq.asc()


async def _as_added(session: AsyncSession, query: Select[Any], limit: int, cursor: str | None) -> pages.Part[AssetRow]:
    added = BoardAssetRow.added
    if cursor:
        given, last = pages.decode(cursor, 2)
        if given != "added":
            pages.refuse()
        query = query.where(added < last)
    query = query.add_columns(added).order_by(added.desc()).limit(limit + 1)
    found = [(row.AssetRow, row.added) for row in await session.execute(query)]
    part = pages.cut(found, limit, lambda row: ("added", row[1]))
    return pages.Part([row for row, _ in part.rows], part.next_cursor)


def _after(cursor: str | None, sort: Sort) -> tuple[int, int] | None:
    if not cursor:
        return None
    given, size, seq = pages.decode(cursor, 3)
    if given != sort or not _fits(size) or not _fits(seq):
        pages.refuse()
    return int(size), int(seq)


def _fits(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) < 20 and int(number) < 2**63


def _properties(wanted: AssetFilter) -> Conditions:
    equal = (
        (AssetRow.kind, wanted.kind),
        (AssetRow.model, wanted.model),
        (AssetRow.source, wanted.source),
        (AssetRow.favourite, wanted.favourite),
        (AssetRow.job_id, wanted.job_id),
        (AssetRow.project_id, wanted.project_id),
    )
    return [*(field == value for field, value in equal if value is not None), *_within(wanted, AssetRow.seq)]


def _within(wanted: AssetFilter, seq: SQLColumnExpression[int]) -> Conditions:
    found: Conditions = []
    if wanted.since is not None:
        found.append(seq >= seq_at(wanted.since))
    if wanted.until is not None:
        found.append(seq < seq_at(wanted.until))
    return found


async def _words(session: AsyncSession, owner_id: str, wanted: AssetFilter, part: _Part | None = None) -> Conditions:
    """What makes the full-text index find the assets. PostgreSQL's planner weighs it against the indices of the other
    conditions. SQLite's has no idea how common a word is, so there the index answers for all conditions together, and
    for just that `part` of the list where it can."""
    tags = [words.facet("tag", tag) for tag in wanted.tags]
    exact, begun = words.split(wanted.text or "")
    if session.get_bind().dialect.name == "postgresql":
        sought = words.tsquery([*tags, *exact], begun)
        return [words.LEXEMES.op("@@", is_comparison=True)(cast(sought, TSQUERY))] if sought else []
    named = [*_facets(wanted), *tags, *exact]
    if not named and not begun:
        return []
    continued = await words.continued(session, begun)
    sought = words.fts5([words.facet("owner_id", owner_id), *named], begun, continued)
    rowid = _FTS.c.rowid
    found = select(rowid).where(_FTS.c.asset_words.op("MATCH", is_comparison=True)(sought), *_within(wanted, rowid))
    if wanted.board_id is not None or wanted.job_id is not None:
        # Few, so each is looked up.
        return [found.where(rowid == AssetRow.seq).correlate(AssetRow).exists()]
    if part is not None and wanted.favourite is not False:
        found = found.where(*part.beyond(rowid)).order_by(part.order(rowid)).limit(part.limit)
    return [AssetRow.seq.in_(found)]


def _facets(wanted: AssetFilter) -> list[str]:
    single = (
        ("kind", wanted.kind),
        ("model", wanted.model),
        ("source", wanted.source),
        ("favourite", "yes" if wanted.favourite else None),
        ("project_id", wanted.project_id),
    )
    return [words.facet(name, value) for name, value in single if value is not None]


async def tags(session: AsyncSession, owner_id: str) -> Sequence[tuple[str, int]]:
    """An owner's tags and how many assets have each, the most used first."""
    count = func.count()
    query = select(AssetTagRow.tag, count).where(AssetTagRow.owner_id == owner_id).group_by(AssetTagRow.tag)
    return [(row[0], row[1]) for row in await session.execute(query.order_by(count.desc(), AssetTagRow.tag))]


async def models(session: AsyncSession, owner_id: str) -> Sequence[tuple[str, int]]:
    """The models that made an owner's assets and how many each."""
    count = func.count()
    query = select(AssetRow.model, count).where(AssetRow.owner_id == owner_id, AssetRow.model != "")
    query = query.group_by(AssetRow.model).order_by(count.desc(), AssetRow.model)
    return [(row[0], row[1]) for row in await session.execute(query)]


@dataclass(frozen=True)
class Figures:
    """How many assets and bytes there are of a kind from a source."""

    kind: str
    source: str
    count: int
    size: int


@dataclass(frozen=True)
class DayFigures:
    """How many assets and bytes came in on a day, in UTC."""

    day: date
    count: int
    size: int


async def by_kind_and_source(session: AsyncSession, owner_id: str) -> Sequence[Figures]:
    """An owner's assets in figures."""
    query = select(AssetRow.kind, AssetRow.source, func.count(), func.sum(AssetRow.size))
    query = query.where(AssetRow.owner_id == owner_id).group_by(AssetRow.kind, AssetRow.source)
    return [Figures(row[0], row[1], row[2], int(row[3])) for row in await session.execute(query)]


async def by_day(session: AsyncSession, owner_id: str, since: datetime) -> Sequence[DayFigures]:
    """What came in on each day since a moment, the first day first; days without anything are left out."""
    day = AssetRow.seq // seq_at(EPOCH + timedelta(days=1))
    query = select(day, func.count(), func.sum(AssetRow.size))
    query = query.where(AssetRow.owner_id == owner_id, AssetRow.seq >= seq_at(since)).group_by(day).order_by(day)
    rows = await session.execute(query)
    return [DayFigures(EPOCH.date() + timedelta(days=int(row[0])), row[1], int(row[2])) for row in rows]
