"""Reading and writing asset rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog import pages
from gateway.catalog.database import insert_missing
from gateway.catalog.models import AssetRow, DeletedAssetRow, now

# Values in one statement; databases take some ten thousand.
_AT_ONCE = 5_000


@dataclass(frozen=True)
class AssetFilter:
    """Which of an owner's assets; None = any."""

    kind: str | None = None
    job_id: str | None = None
    project_id: str | None = None


async def get(session: AsyncSession, owner_id: str, asset_id: str) -> AssetRow | None:
    """An owner's asset."""
    return await session.scalar(select(AssetRow).where(AssetRow.id == asset_id, AssetRow.owner_id == owner_id))


async def of_ids(session: AsyncSession, owner_id: str, ids: Iterable[str]) -> Sequence[AssetRow]:
    """Those of an owner's assets that are there, in no order."""
    query = select(AssetRow).where(AssetRow.owner_id == owner_id, AssetRow.id.in_(set(ids)))
    return (await session.scalars(query)).all()


async def page(
    session: AsyncSession, owner_id: str, wanted: AssetFilter, limit: int, cursor: str | None
) -> pages.Part[AssetRow]:
    """An owner's assets, newest first."""
    query = select(AssetRow).where(AssetRow.owner_id == owner_id)
    if wanted.kind is not None:
        query = query.where(AssetRow.kind == wanted.kind)
    if wanted.job_id is not None:
        query = query.where(AssetRow.job_id == wanted.job_id)
    if wanted.project_id is not None:
        query = query.where(AssetRow.project_id == wanted.project_id)
    return await pages.newest_first(session, query, AssetRow.id, limit, cursor)


async def of_jobs(session: AsyncSession, job_ids: Sequence[str]) -> dict[str, list[AssetRow]]:
    """The outputs of some jobs, each in order."""
    found: dict[str, list[AssetRow]] = defaultdict(list)
    if job_ids:
        query = select(AssetRow).where(AssetRow.job_id.in_(job_ids)).order_by(AssetRow.job_id, AssetRow.index)
        for row in await session.scalars(query):
            found[row.job_id or ""].append(row)
    return found


async def known(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are in the catalog or were deleted from it on purpose."""
    found: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        for table in (AssetRow, DeletedAssetRow):
            found.update(await session.scalars(select(table.id).where(table.id.in_(part))))
    return found


async def insert(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Add the assets that are not there yet, except those that were deleted on purpose."""
    if not rows:
        return
    ids = [row["id"] for row in rows]
    gone = set(await session.scalars(select(DeletedAssetRow.id).where(DeletedAssetRow.id.in_(ids))))
    await insert_missing(session, AssetRow, [row for row in rows if row["id"] not in gone])


async def remove(session: AsyncSession, row: AssetRow) -> None:
    """Take an asset out for good."""
    tombstone = {"id": row.id, "owner_id": row.owner_id, "deleted_at": now()}
    await insert_missing(session, DeletedAssetRow, [tombstone])
    await session.execute(delete(AssetRow).where(AssetRow.id == row.id))
