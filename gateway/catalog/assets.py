"""Writing asset rows, and reading those one knows. Lists and search are in `library`."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog.database import insert_missing
from gateway.catalog.models import AssetRow, AssetTagRow, DeletedAssetRow, now
from gateway.catalog.words import words_of

# Values in one statement; databases take some ten thousand.
_AT_ONCE = 5_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Assets that one microsecond has room for. With so many a signed 64-bit number lasts until 2112.
_ROOM = 2048
_LAST = 2**63 - 1


def seq_at(moment: datetime) -> int:
    """Where the assets of a moment begin in the order of all."""
    return min(max((moment - EPOCH) // timedelta(microseconds=1), 0) * _ROOM, _LAST)


async def get(session: AsyncSession, owner_id: str, asset_id: str) -> AssetRow | None:
    """An owner's asset."""
    return await session.scalar(select(AssetRow).where(AssetRow.id == asset_id, AssetRow.owner_id == owner_id))


async def of_ids(session: AsyncSession, owner_id: str, ids: Iterable[str]) -> Sequence[AssetRow]:
    """Those of an owner's assets that are there, in no order."""
    query = select(AssetRow).where(AssetRow.owner_id == owner_id, AssetRow.id.in_(set(ids)))
    return (await session.scalars(query)).all()


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
    """Add the assets that are not there yet, except those that were deleted on purpose: what is stored of such goes as
    well."""
    if not rows:
        return
    ids = [row["id"] for row in rows]
    gone = set(await session.scalars(select(DeletedAssetRow.id).where(DeletedAssetRow.id.in_(ids))))
    for row in rows:
        if row["id"] in gone:
            left = update(DeletedAssetRow).where(DeletedAssetRow.id == row["id"])
            await session.execute(left.values(keys=[row["key"]]))
    wanted = [complete(row) for row in rows if row["id"] not in gone]
    await _find_room(session, wanted)
    await insert_missing(session, AssetRow, wanted)


def complete(row: dict[str, Any]) -> dict[str, Any]:
    """A row of what is known of a new asset, with what follows from it."""
    digest = hashlib.blake2b(row["id"].encode(), digest_size=4).digest()
    made: dict[str, Any] = {
        "seq": seq_at(row["created_at"]) + int.from_bytes(digest) % _ROOM,
        "source": "generated" if row["job_id"] else "uploaded",
        "model": model_of(row["provenance"]),
        "tags": list[str](),
        "favourite": False,
        "expires_at": None,
        **row,
    }
    return {**made, "words": words_of(made)}


def model_of(provenance: Mapping[str, Any]) -> str:
    """The model that made something; empty if none did."""
    model = provenance.get("model")
    return model[:256] if isinstance(model, str) else ""


async def _find_room(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Move those rows on by one whose place another asset has; rarely there is one."""
    ids = [row["id"] for row in rows]
    used = set[int]()
    for row in rows:
        while row["seq"] in used:
            row["seq"] += 1
        used.add(row["seq"])
    query = select(AssetRow.seq).where(AssetRow.seq.in_(used), AssetRow.id.not_in(ids))
    if taken := set(await session.scalars(query)):
        for row in rows:
            row["seq"] += row["seq"] in taken
        await _find_room(session, rows)


async def change(session: AsyncSession, rows: Collection[AssetRow], **values: Any) -> None:
    """Change what an owner may change of assets. What somebody cares for is temporary no longer."""
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
        row.expires_at = None
        row.words = words_of({name: getattr(row, name) for name in _WORDED})
    if "tags" in values:
        await retag(session, {row: values["tags"] for row in rows})


async def retag(session: AsyncSession, tags: dict[AssetRow, list[str]]) -> None:
    """Give each asset the tags that stand beside it."""
    ids = [row.id for row in tags]
    await session.execute(delete(AssetTagRow).where(AssetTagRow.asset_id.in_(ids)))
    for row, given in tags.items():
        row.tags = given
        row.expires_at = None
        row.words = words_of({name: getattr(row, name) for name in _WORDED})
    entries = [
        {"asset_id": row.id, "tag": tag, "owner_id": row.owner_id} for row, given in tags.items() for tag in given
    ]
    await insert_missing(session, AssetTagRow, entries)


_WORDED = ("name", "model", "tags", "provenance", "owner_id", "kind", "source", "project_id", "favourite")


async def remove(session: AsyncSession, gone: dict[AssetRow, list[str]]) -> None:
    """Take assets out for good; with each the keys under which object storage still holds something of it."""
    tombstones = [
        {"id": row.id, "owner_id": row.owner_id, "keys": keys, "deleted_at": now()} for row, keys in gone.items()
    ]
    await insert_missing(session, DeletedAssetRow, tombstones)
    await session.execute(delete(AssetRow).where(AssetRow.id.in_([row.id for row in gone])))


async def left_behind(session: AsyncSession, before: datetime, limit: int) -> Sequence[DeletedAssetRow]:
    """Assets deleted before a moment of which object storage still holds something."""
    query = select(DeletedAssetRow).where(DeletedAssetRow.keys.is_not(None), DeletedAssetRow.deleted_at < before)
    return (await session.scalars(query.order_by(DeletedAssetRow.deleted_at).limit(limit))).all()


async def clean(session: AsyncSession, ids: Sequence[str]) -> None:
    """Note that nothing is left of deleted assets."""
    await session.execute(update(DeletedAssetRow).where(DeletedAssetRow.id.in_(ids)).values(keys=None))


async def expired(session: AsyncSession, moment: datetime, limit: int) -> Sequence[AssetRow]:
    """Temporary assets whose time is up."""
    return (await session.scalars(select(AssetRow).where(AssetRow.expires_at <= moment).limit(limit))).all()
