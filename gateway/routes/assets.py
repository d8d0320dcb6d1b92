"""Assets: list, upload, show, delete."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway import ranges, schemas, sniff, thumbnails, uploads, views
from gateway.catalog import assets
from gateway.catalog.assets import AssetFilter
from gateway.catalog.models import AssetRow
from gateway.problems import respond
from gateway.routing import Cursor, Id, Limit, problems, router
from gateway.scratch import scratch
from gateway.state import Caller, GatewayParts, Parts
from services.kit.failures import Failure, NotFound

routes = router("assets")

# The content under an id never changes; a day bounds how long a browser shows what was deleted meanwhile.
_CACHE = "private, max-age=86400"
# Whatever a file is, opened as a page of its own it can do nothing.
_HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
IfNoneMatch = Annotated[str | None, Header(description="ETags the client has.")]


@routes.get("/api/assets", operation_id="list_assets", summary="List assets", responses=problems(422))
async def list_assets(
    parts: GatewayParts,
    caller: Caller,
    kind: Annotated[
        str | None, Query(max_length=16, description="`image`, `video`, `audio`, `text` or `file`.")
    ] = None,
    job_id: Annotated[str | None, Query(max_length=26, description="A job's outputs only.")] = None,
    project_id: Annotated[str | None, Query(max_length=64, description="A project's assets only.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.Page[schemas.Asset]:
    """Newest first."""
    wanted = AssetFilter(kind=kind, job_id=job_id, project_id=project_id)
    async with parts.database.read() as session:
        part = await assets.page(session, caller.owner_id, wanted, limit, cursor)
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
    """Removes content and description for good."""
    row = await _find(parts, caller.owner_id, asset_id)
    # The content goes first: if this is interrupted the description is still there to try again by.
    await parts.objects.delete(thumbnails.key_of(row))
    await parts.objects.delete(row.key)
    async with parts.database.write() as session:
        await assets.remove(session, row)
    return Response(status_code=204)


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
