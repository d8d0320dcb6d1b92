"""Assets: list, upload, show, change, delete. What is done to many at once is in `library`."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Header, Query
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway import asset_schemas as library_schemas
from gateway import library as acts
from gateway import ranges, schemas, sniff, thumbnails, uploads, views
from gateway.catalog import assets, boards, library
from gateway.catalog.library import AssetFilter, Sort
from gateway.catalog.models import AssetRow
from gateway.problems import respond
from gateway.routing import Cursor, Id, Limit, problems, router, written_out
from gateway.scratch import scratch
from gateway.state import Caller, GatewayParts, Parts
from services.kit.failures import BadInput, Failure, NotFound

routes = router("assets")

# The content under an id never changes; a day bounds how long a browser shows what was deleted meanwhile.
_CACHE = "private, max-age=86400"
# Whatever a file is, opened as a page of its own it can do nothing.
_HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
IfNoneMatch = Annotated[str | None, Header(description="ETags the client has.")]


Moment = Annotated[
    datetime | None,
    written_out(r"\d{4}-\d{2}-\d{2}.*", "a time, as in 2026-01-31T12:00:00Z"),
    AfterValidator(lambda given: given if given is None or given.tzinfo else given.replace(tzinfo=UTC)),
]


@routes.get("/api/assets", operation_id="list_assets", summary="List assets", responses=problems(422))
async def list_assets(
    parts: GatewayParts,
    caller: Caller,
    q: Annotated[
        str | None,
        Query(max_length=500, description="Words in prompt, name, tags and model; the last one may be unfinished."),
    ] = None,
    kind: Annotated[
        str | None, Query(max_length=16, description="`image`, `video`, `audio`, `text` or `file`.")
    ] = None,
    tag: Annotated[list[str] | None, Query(max_length=8, description="Those that have all of these tags.")] = None,
    model: Annotated[str | None, Query(max_length=256, description="Those that a model made.")] = None,
    board_id: Annotated[str | None, Query(max_length=26, description="Those on a board.")] = None,
    favourite: Annotated[bool | None, Query(description="Favourites, or all others.")] = None,
    since: Annotated[Moment, Query(alias="from", description="Those that came in then or later.")] = None,
    until: Annotated[Moment, Query(alias="to", description="Those that came in before.")] = None,
    source: Annotated[library_schemas.Source | None, Query(description="Where they came from.")] = None,
    job_id: Annotated[str | None, Query(max_length=26, description="A job's outputs only.")] = None,
    project_id: Annotated[str | None, Query(max_length=64, description="A project's assets only.")] = None,
    sort: Annotated[
        Sort | None,
        Query(description="`added` is the order of a board, which is also the default there; else it is `newest`."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.Page[schemas.Asset]:
    """Those for which everything given is true."""
    if sort == "added" and board_id is None:
        raise BadInput.of("sort", "is the order of a board; name one with `board_id`")
    wanted = AssetFilter(
        text=q,
        kind=kind,
        tags=tuple(" ".join(one.split()).lower() for one in tag or ()),
        model=model,
        board_id=board_id,
        favourite=favourite,
        since=since,
        until=until,
        source=source,
        job_id=job_id,
        project_id=project_id,
    )
    order = sort or ("newest" if board_id is None else "added")
    async with parts.database.read() as session:
        part = await library.page(session, caller.owner_id, wanted, order, limit, cursor)
    return schemas.Page(items=[views.asset(row) for row in part.rows], next_cursor=part.next_cursor)


@routes.post(
    "/api/assets/upload",
    operation_id="upload_assets",
    summary="Upload files",
    status_code=201,
    responses=problems(400, 413, 415, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": [uploads.FIELD],
                        "properties": {
                            uploads.FIELD: {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "string", "format": "binary"},
                                "description": "One or more files.",
                            }
                        },
                    },
                    "example": {uploads.FIELD: ["(the content of apple.png)"]},
                }
            },
        }
    },
)
async def upload_assets(parts: GatewayParts, caller: Caller, request: Request) -> schemas.Listing[schemas.Asset]:
    """Multipart, field `files`, repeated. What a file is, is found from its content."""
    async with scratch(parts, "upload") as place:
        received = await uploads.receive(request, place, parts.settings.max_upload_files)
        rows = await uploads.keep(parts, caller.owner_id, received)
    return schemas.Listing(items=[views.asset(row) for row in rows])


@routes.get("/api/assets/{asset_id}", operation_id="get_asset", summary="Get an asset", responses=problems(404))
async def get_asset(parts: GatewayParts, caller: Caller, asset_id: Id) -> schemas.Asset:
    """Its description; the content is at `content_url`."""
    return views.asset(await _find(parts, caller.owner_id, asset_id))


@routes.delete(
    "/api/assets/{asset_id}",
    operation_id="delete_asset",
    summary="Delete an asset",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def delete_asset(parts: GatewayParts, caller: Caller, asset_id: Id) -> Response:
    """Removes content and description for good. While object storage is away the content goes later."""
    await acts.delete(parts.database, parts.objects, caller.owner_id, asset_id)
    return Response(status_code=204)


@routes.patch(
    "/api/assets/{asset_id}",
    operation_id="update_asset",
    summary="Change an asset",
    responses=problems(400, 404, 413, 415, 422),
)
async def update_asset(
    parts: GatewayParts, caller: Caller, asset_id: Id, body: library_schemas.AssetPatch
) -> schemas.Asset:
    """Name, tags, favourite or project; what is in it never changes. A temporary one is kept from then on."""
    values = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        if value is None and name != "project_id":
            raise BadInput.of(name, "must not be null")
    async with parts.database.write() as session:
        row = await assets.get(session, caller.owner_id, asset_id)
        if row is None:
            raise NotFound(f"There is no asset {asset_id}.")
        await assets.change(session, [row], **values)
    return views.asset(row)


@routes.get(
    "/api/assets/{asset_id}/boards",
    operation_id="list_asset_boards",
    summary="The boards an asset is on",
    responses=problems(404),
)
async def list_asset_boards(
    parts: GatewayParts, caller: Caller, asset_id: Id
) -> schemas.Listing[library_schemas.BoardName]:
    """By name."""
    row = await _find(parts, caller.owner_id, asset_id)
    async with parts.database.read() as session:
        found = await boards.of_asset(session, row.id)
    return schemas.Listing(items=[library_schemas.BoardName(id=board.id, name=board.name) for board in found])


@routes.get(
    "/api/assets/{asset_id}/content",
    operation_id="asset_content",
    summary="Get an asset's content",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The content.", "content": {"*/*": _BINARY}},
        206: {"description": "The part asked for.", "content": {"*/*": _BINARY}},
        304: {"description": "The client has it already."},
        **problems(404, 416, 422),
    },
)
@routes.head("/api/assets/{asset_id}/content", include_in_schema=False)
async def asset_content(
    parts: GatewayParts,
    caller: Caller,
    request: Request,
    asset_id: Id,
    range_: Annotated[str | None, Header(alias="Range", description="Bytes to send, e.g. `bytes=0-1023`.")] = None,
    if_range: Annotated[
        str | None, Header(description="Only answer the range if the content still has this ETag.")
    ] = None,
    if_none_match: IfNoneMatch = None,
    download: Annotated[bool, Query(description="Save it rather than show it.")] = False,
) -> Response:
    """Supports ranges, so that videos seek, and ETags."""
    row = await _find(parts, caller.owner_id, asset_id)
    etag = f'"{row.sha256}"'
    headers = {"ETag": etag, "Cache-Control": _CACHE, "Accept-Ranges": "bytes"}
    if _matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    headers |= {
        "Content-Disposition": disposition(row, inline=row.content_type in sniff.INLINE and not download),
        "Content-Security-Policy": _HARMLESS,
    }
    try:
        part = ranges.parse(range_ if if_range in (None, etag) else None, row.size)
    except ranges.NotSatisfiable as failure:
        return respond(request.scope, failure, {"Content-Range": f"bytes */{failure.size}"})
    status, offset, length = 200, 0, row.size
    if part is not None:
        status, offset, length = 206, part.first, part.length
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{row.size}"
    headers["Content-Length"] = str(length)
    if request.method == "HEAD" or not length:
        return Response(status_code=status, headers=headers, media_type=row.content_type)
    pieces = parts.objects.stream(row.key, offset, length)
    first = await _first(pieces, row)
    return StreamingResponse(_joined(first, pieces), status, headers, row.content_type)


@routes.get(
    "/api/assets/{asset_id}/thumbnail",
    operation_id="asset_thumbnail",
    summary="Get an asset's thumbnail",
    response_class=Response,
    responses={
        200: {"description": "WebP, at most 384 pixels wide and high.", "content": {thumbnails.CONTENT_TYPE: _BINARY}},
        304: {"description": "The client has it already."},
        **problems(404, 422),
    },
)
async def asset_thumbnail(
    parts: GatewayParts, caller: Caller, asset_id: Id, if_none_match: IfNoneMatch = None
) -> Response:
    """A small picture of it; 404 for what has none."""
    row = await _find(parts, caller.owner_id, asset_id)
    etag = f'"{row.sha256[:32]}-{thumbnails.SIDE}"'
    headers = {"ETag": etag, "Cache-Control": _CACHE}
    if _matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(await parts.thumbnails.get(row), headers=headers, media_type=thumbnails.CONTENT_TYPE)


async def _find(parts: Parts, owner_id: str, asset_id: str) -> AssetRow:
    async with parts.database.read() as session:
        row = await assets.get(session, owner_id, asset_id)
    if row is None:
        raise NotFound(f"There is no asset {asset_id}.")
    return row


async def _first(pieces: AsyncIterator[bytes], row: AssetRow) -> bytes:
    """The first piece, so that a missing content is still an error answer."""
    try:
        return await anext(pieces)
    except NotFound:
        raise NotFound(f"The content of asset {row.id} is gone from object storage.") from None
    except StopAsyncIteration:
        raise Failure(f"Object storage holds nothing of asset {row.id}.", code="internal") from None


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    given = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in given or "*" in given


def disposition(row: AssetRow, *, inline: bool) -> str:
    """Content-Disposition with the name in both spellings (RFC 6266)."""
    name = row.name or f"atelier-{row.id}{sniff.extension(row.content_type)}"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
