"""Reading and writing datasets and their versions."""

from collections.abc import Sequence

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog import pages
from gateway.catalog.models import DatasetRow, DatasetVersionRow

DatasetAndNewest = tuple[DatasetRow, DatasetVersionRow | None]


def _with_newest() -> Select[DatasetRow, DatasetVersionRow]:
    # Pairs with None where there is no version.
    newest = (
        select(func.max(DatasetVersionRow.number))
        .where(DatasetVersionRow.dataset_id == DatasetRow.id)
        .correlate(DatasetRow)
        .scalar_subquery()
    )
    of_it = and_(DatasetVersionRow.dataset_id == DatasetRow.id, DatasetVersionRow.number == newest)
    return select(DatasetRow, DatasetVersionRow).outerjoin(DatasetVersionRow, of_it)


async def get(session: AsyncSession, owner_id: str, dataset_id: str) -> DatasetAndNewest | None:
    """An owner's dataset and its newest version, if it has any."""
    query = _with_newest().where(DatasetRow.id == dataset_id, DatasetRow.owner_id == owner_id)
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def page(
    session: AsyncSession, owner_id: str, text: str | None, limit: int, cursor: str | None
) -> pages.Part[DatasetAndNewest]:
    """An owner's datasets, newest first; `text` is looked for in names and descriptions."""
    query = _with_newest().where(DatasetRow.owner_id == owner_id)
    if text:
        fields = (DatasetRow.name, DatasetRow.description)
        query = query.where(or_(*(field.icontains(text, autoescape=True) for field in fields)))
    if cursor:
        (last_id,) = pages.decode(cursor, 1)
        query = query.where(DatasetRow.id < last_id)
    query = query.order_by(DatasetRow.id.desc()).limit(limit + 1)
    rows: list[DatasetAndNewest] = [(row[0], row[1]) for row in await session.execute(query)]
    return pages.cut(rows, limit, lambda row: (row[0].id,))


async def holding(session: AsyncSession, owner_id: str, sha256: str) -> Sequence[tuple[DatasetRow, DatasetVersionRow]]:
    """An owner's datasets whose newest version has this content, oldest first."""
    query = _with_newest().where(DatasetRow.owner_id == owner_id, DatasetVersionRow.sha256 == sha256)
    found = await session.execute(query.order_by(DatasetRow.id))
    return [(row[0], row[1]) for row in found]


async def of_ratings(session: AsyncSession, owner_id: str) -> tuple[DatasetRow, DatasetVersionRow] | None:
    """The dataset that an owner's rated answers were last made into, and that version of it."""
    query = (
        select(DatasetRow, DatasetVersionRow)
        .join(DatasetVersionRow, DatasetVersionRow.dataset_id == DatasetRow.id)
        .where(DatasetRow.owner_id == owner_id, DatasetVersionRow.source["kind"].as_string() == "ratings")
        .order_by(DatasetVersionRow.created_at.desc())
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def versions(session: AsyncSession, dataset_id: str) -> Sequence[DatasetVersionRow]:
    """All versions of a dataset, the newest one first."""
    query = select(DatasetVersionRow).where(DatasetVersionRow.dataset_id == dataset_id)
    return (await session.scalars(query.order_by(DatasetVersionRow.number.desc()))).all()


async def version(session: AsyncSession, dataset_id: str, number: int) -> DatasetVersionRow | None:
    """One version of a dataset."""
    return await session.get(DatasetVersionRow, (dataset_id, number))
