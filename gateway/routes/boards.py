"""Boards: collections of assets."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from gateway import asset_schemas as schemas
from gateway import views
from gateway.catalog import boards, library
from gateway.catalog.library import AssetFilter
from gateway.catalog.models import BoardRow, now
from gateway.routing import Cursor, Id, Limit, problems, router
from gateway.schemas import Asset, Listing, Page
from gateway.state import Caller, GatewayParts, Parts
from services.kit.failures import BadInput, NotFound
from services.kit.ids import new_ulid

routes = router("boards")


@routes.get("/api/boards", operation_id="list_boards", summary="List boards", responses=problems())
async def list_boards(parts: GatewayParts, caller: Caller) -> Listing[schemas.Board]:
    """All of them, by name."""
    async with parts.database.read() as session:
        found = await boards.all_of(session, caller.owner_id)
    return Listing(items=[_shown(board) for board in found])


@routes.post(
    "/api/boards",
    operation_id="create_board",
    summary="Make a board",
    status_code=201,
    responses=problems(400, 413, 415, 422),
)
async def create_board(parts: GatewayParts, caller: Caller, body: schemas.BoardCreate) -> schemas.Board:
    """Assets come onto it with `/api/assets/bulk`."""
    moment = now()
    row = BoardRow(id=new_ulid(), owner_id=caller.owner_id, name=body.name, created_at=moment, updated_at=moment)
    async with _writing(parts) as session:
        session.add(row)
    return _shown(boards.Board(row, 0, None))


@routes.get("/api/boards/{board_id}", operation_id="get_board", summary="Get a board", responses=problems(404))
async def get_board(parts: GatewayParts, caller: Caller, board_id: Id) -> schemas.Board:
    """One of the list."""
    async with parts.database.read() as session:
        return _shown(await _found(session, caller.owner_id, board_id))


@routes.patch(
    "/api/boards/{board_id}",
    operation_id="update_board",
    summary="Change a board",
    responses=problems(400, 404, 413, 415, 422),
)
async def update_board(parts: GatewayParts, caller: Caller, board_id: Id, body: schemas.BoardPatch) -> schemas.Board:
    """Its name, or what it is shown by."""
    values = body.model_dump(exclude_unset=True)
    if "name" in values and values["name"] is None:
        raise BadInput.of("name", "must not be null")
    async with _writing(parts) as session:
        row = (await _found(session, caller.owner_id, board_id)).row
        cover_id = values.get("cover_id")
        if cover_id is not None and not await boards.holding(session, board_id, [cover_id]):
            raise BadInput.of("cover_id", f"there is no asset {cover_id} on this board")
        for name, value in {**values, "updated_at": now()}.items():
            setattr(row, name, value)
        await session.flush()
        return _shown(await _found(session, caller.owner_id, board_id))


@routes.delete(
    "/api/boards/{board_id}",
    operation_id="delete_board",
    summary="Delete a board",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def delete_board(parts: GatewayParts, caller: Caller, board_id: Id) -> Response:
    """The assets on it stay."""
    async with parts.database.write() as session:
        await session.delete((await _found(session, caller.owner_id, board_id)).row)
    return Response(status_code=204)


@routes.get(
    "/api/boards/{board_id}/assets",
    operation_id="list_board_assets",
    summary="A board's assets",
    responses=problems(404, 422),
)
async def list_board_assets(
    parts: GatewayParts, caller: Caller, board_id: Id, limit: Limit = 50, cursor: Cursor = None
) -> Page[Asset]:
    """What was added last comes first."""
    async with parts.database.read() as session:
        await _found(session, caller.owner_id, board_id)
        wanted = AssetFilter(board_id=board_id)
        part = await library.page(session, caller.owner_id, wanted, "added", limit, cursor)
    return Page(items=[views.asset(row) for row in part.rows], next_cursor=part.next_cursor)


@asynccontextmanager
async def _writing(parts: Parts) -> AsyncGenerator[AsyncSession]:
    try:
        async with parts.database.write() as session:
            yield session
    except IntegrityError as error:
        raise BadInput.of("name", "you have a board of this name already") from error


async def _found(session: AsyncSession, owner_id: str, board_id: str) -> boards.Board:
    board = await boards.get(session, owner_id, board_id)
    if board is None:
        raise NotFound(f"There is no board {board_id}.")
    return board


def _shown(board: boards.Board) -> schemas.Board:
    return schemas.Board(
        id=board.row.id,
        name=board.row.name,
        count=board.count,
        cover_id=board.row.cover_id,
        cover=views.asset(board.cover) if board.cover else None,
        created_at=board.row.created_at,
        updated_at=board.row.updated_at,
    )
