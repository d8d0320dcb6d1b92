"""Acting on assets: one change to many of them, and deleting them with everything that is stored of them."""

from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import asset_schemas as schemas
from gateway import thumbnails
from gateway.catalog import assets, boards
from gateway.catalog.database import Database
from gateway.catalog.models import AssetRow
from services.kit.failures import BadInput, Failure, NotFound
from services.kit.objects import ObjectStore

log = structlog.get_logger(__name__)

_WITH_TAGS = ("tag", "untag")
_WITH_BOARD = ("add_to_board", "remove_from_board")
Outcomes = dict[str, schemas.AssetOutcome]


async def act(
    database: Database, objects: ObjectStore, owner_id: str, body: schemas.AssetBulk
) -> list[schemas.AssetOutcome]:
    """Do what is asked to each of the assets; what came of each, in the order they were named."""
    _check(body)
    ids = list(dict.fromkeys(body.ids))
    async with database.write() as session:
        found = {row.id: row for row in await assets.of_ids(session, owner_id, ids)}
        rows = [found[asset_id] for asset_id in ids if asset_id in found]
        told = await _act(session, owner_id, body, rows)
    if body.action == "delete":
        await empty(database, objects, {row.id: _keys(row) for row in rows})
    return [told.get(asset_id) or _missing(asset_id) for asset_id in ids]


def _missing(asset_id: str) -> schemas.AssetOutcome:
    return schemas.AssetOutcome(id=asset_id, outcome="not_found", detail="There is no such asset.")


def _check(body: schemas.AssetBulk) -> None:
    if body.action in _WITH_TAGS and not body.tags:
        raise BadInput.of("tags", f"are needed to {body.action}")
    if body.action in _WITH_BOARD and body.board_id is None:
        raise BadInput.of("board_id", f"is needed to {body.action.replace('_', ' ')}")


async def _act(session: AsyncSession, owner_id: str, body: schemas.AssetBulk, rows: Sequence[AssetRow]) -> Outcomes:
    match body.action:
        case "tag" | "untag":
            return await _tag(session, rows, body.tags or [], adding=body.action == "tag")
        case "favourite" | "unfavourite":
            wanted = body.action == "favourite"
            changed = [row for row in rows if row.favourite != wanted]
            await assets.change(session, changed, favourite=wanted)
        case "move_to_project":
            changed = [row for row in rows if row.project_id != body.project_id]
            await assets.change(session, changed, project_id=body.project_id)
        case "keep":
            changed = [row for row in rows if row.expires_at is not None]
            await assets.change(session, changed)
        case "add_to_board" | "remove_from_board":
            changed = await _on_board(session, owner_id, body, rows)
        case "delete":
            changed = rows
            await assets.remove(session, {row: _keys(row) for row in rows})
    return _told(rows, {row.id for row in changed})


def _told(rows: Sequence[AssetRow], changed: set[str]) -> Outcomes:
    return {
        row.id: schemas.AssetOutcome(id=row.id, outcome="done" if row.id in changed else "unchanged") for row in rows
    }


async def _tag(session: AsyncSession, rows: Sequence[AssetRow], tags: Sequence[str], *, adding: bool) -> Outcomes:
    wanted = dict[AssetRow, list[str]]()
    full = set[str]()
    for row in rows:
        made = [*row.tags, *(tag for tag in tags if tag not in row.tags)]
        made = made if adding else [tag for tag in row.tags if tag not in tags]
        if len(made) > schemas.MOST_TAGS:
            full.add(row.id)
        elif made != row.tags:
            wanted[row] = made
    await assets.retag(session, wanted)
    told = _told(rows, {row.id for row in wanted})
    reason = f"An asset can have {schemas.MOST_TAGS} tags."
    return told | {an_id: schemas.AssetOutcome(id=an_id, outcome="refused", detail=reason) for an_id in full}


async def _on_board(
    session: AsyncSession, owner_id: str, body: schemas.AssetBulk, rows: Sequence[AssetRow]
) -> Sequence[AssetRow]:
    board = await boards.get(session, owner_id, body.board_id or "")
    if board is None:
        raise BadInput.of("board_id", f"there is no board {body.board_id}")
    there = await boards.holding(session, board.row.id, [row.id for row in rows])
    adding = body.action == "add_to_board"
    changed = [row for row in rows if (row.id in there) != adding]
    if adding:
        await boards.add(session, board.row.id, [row.id for row in changed])
        await assets.change(session, changed)
    else:
        await boards.take_off(session, board.row, [row.id for row in changed])
    return changed


def _keys(row: AssetRow) -> list[str]:
    """What object storage may hold of an asset."""
    return [thumbnails.key_of(row), row.key]


async def delete(database: Database, objects: ObjectStore, owner_id: str, asset_id: str) -> None:
    """Take an asset out for good. Its row goes at once; what object storage does not let go of now goes later."""
    async with database.write() as session:
        row = await assets.get(session, owner_id, asset_id)
        if row is None:
            raise NotFound(f"There is no asset {asset_id}.")
        await assets.remove(session, {row: _keys(row)})
    await empty(database, objects, {row.id: _keys(row)})


async def empty(database: Database, objects: ObjectStore, left: dict[str, list[str]]) -> int:
    """Delete what is stored of deleted assets; returns of how many. What remains is tried again by `Retention`."""
    done = list[str]()
    try:
        for asset_id, keys in left.items():
            for key in keys:
                await objects.delete(key)
            done.append(asset_id)
    except Failure as failure:
        log.warning("objects_left_for_later", assets=len(left) - len(done), error=failure.message)
    if done:
        async with database.write() as session:
            await assets.clean(session, done)
    return len(done)


async def expire(database: Database, objects: ObjectStore, rows: Sequence[AssetRow]) -> None:
    """Take out temporary assets whose time is up."""
    async with database.write() as session:
        # Somebody may have come to care for one of them since it was read.
        current = [await assets.get(session, row.owner_id, row.id) for row in rows]
        gone = {row: _keys(row) for row in current if row is not None and row.expires_at is not None}
        await assets.remove(session, gone)
    await empty(database, objects, {row.id: keys for row, keys in gone.items()})
