"""Reading and writing boards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog.database import insert_missing
from gateway.catalog.models import AssetRow, BoardAssetRow, BoardRow
from services.kit.ids import new_ulid


@dataclass(frozen=True)
class Board:
    """A board, how many assets are on it, and the one it is shown by."""

    row: BoardRow
    count: int
    cover: AssetRow | None


async def get(session: AsyncSession, owner_id: str, board_id: str) -> Board | None:
    """An owner's board."""
    found = await _boards(session, _owned(owner_id).where(BoardRow.id == board_id))
    return found[0] if found else None


async def all_of(session: AsyncSession, owner_id: str) -> Sequence[Board]:
    """An owner's boards, by name."""
    return await _boards(session, _owned(owner_id).order_by(func.lower(BoardRow.name), BoardRow.id))


def _owned(owner_id: str) -> Select[BoardRow, int, str]:
    of_it = BoardAssetRow.board_id == BoardRow.id
    count = select(func.count()).select_from(BoardAssetRow).where(of_it).correlate(BoardRow).scalar_subquery()
    newest = (
        select(BoardAssetRow.asset_id)
        .where(of_it)
        .order_by(BoardAssetRow.added.desc())
        .limit(1)
        .correlate(BoardRow)
        .scalar_subquery()
    )
    cover = func.coalesce(BoardRow.cover_id, newest)
    return select(BoardRow, count, cover).where(BoardRow.owner_id == owner_id)


async def _boards(session: AsyncSession, query: Select[BoardRow, int, str]) -> Sequence[Board]:
    found = (await session.execute(query)).all()
    shown = await session.scalars(select(AssetRow).where(AssetRow.id.in_({row[2] for row in found if row[2]})))
    covers = {row.id: row for row in shown}
    return [Board(row[0], row[1], covers.get(row[2])) for row in found]


async def of_asset(session: AsyncSession, asset_id: str) -> Sequence[BoardRow]:
    """The boards an asset is on, by name."""
    query = select(BoardRow).join(BoardAssetRow, BoardAssetRow.board_id == BoardRow.id)
    query = query.where(BoardAssetRow.asset_id == asset_id).order_by(func.lower(BoardRow.name), BoardRow.id)
    return (await session.scalars(query)).all()


async def holding(session: AsyncSession, board_id: str, asset_ids: Iterable[str]) -> set[str]:
    """Those of the assets that are on a board."""
    query = select(BoardAssetRow.asset_id)
    query = query.where(BoardAssetRow.board_id == board_id, BoardAssetRow.asset_id.in_(set(asset_ids)))
    return set(await session.scalars(query))


async def add(session: AsyncSession, board_id: str, asset_ids: Sequence[str]) -> None:
    """Put assets on a board, the last one on top; those that are on it stay where they are."""
    rows = [{"board_id": board_id, "asset_id": asset_id, "added": new_ulid()} for asset_id in asset_ids]
    # Within a millisecond ULIDs do not know who was first.
    for row, added in zip(rows, sorted(row["added"] for row in rows), strict=True):
        row["added"] = added
    await insert_missing(session, BoardAssetRow, rows)


async def take_off(session: AsyncSession, board: BoardRow, asset_ids: Sequence[str]) -> None:
    """Take assets off a board; a cover that goes is chosen no longer."""
    on_it = BoardAssetRow.board_id == board.id
    await session.execute(delete(BoardAssetRow).where(on_it, BoardAssetRow.asset_id.in_(asset_ids)))
    if board.cover_id in asset_ids:
        board.cover_id = None
