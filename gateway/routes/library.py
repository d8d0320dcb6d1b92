"""The library as a whole: figures, labels, many assets at once, files inspected without being kept."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from gateway import asset_schemas as schemas
from gateway import bundle, inspection, library, uploads
from gateway.catalog import assets
from gateway.catalog import library as catalog
from gateway.catalog.models import now
from gateway.routing import problems, router
from gateway.schemas import Listing
from gateway.scratch import scratch
from gateway.state import Caller, GatewayParts
from services.kit.failures import NotFound

routes = router("assets")

_ZIP: dict[str, Any] = {
    "description": "The files, zipped, each with a JSON file that says what it is.",
    "content": {bundle.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}
_FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [uploads.FIELD],
                    "properties": {uploads.FIELD: {"type": "string", "format": "binary", "description": "One file."}},
                },
                "example": {uploads.FIELD: "(the content of apple.png)"},
            }
        },
    }
}


@routes.get("/api/assets/stats", operation_id="asset_statistics", summary="Assets in figures", responses=problems(422))
async def asset_statistics(
    parts: GatewayParts,
    caller: Caller,
    days: Annotated[int, Query(ge=1, le=366, description="How many days back the days go.")] = 30,
) -> schemas.AssetStatistics:
    """How many there are and what they take, by kind, source and day."""
    async with parts.database.read() as session:
        found = await catalog.by_kind_and_source(session, caller.owner_id)
        by_day = await catalog.by_day(session, caller.owner_id, now() - timedelta(days=days))
    return schemas.AssetStatistics(
        total=schemas.Amount(count=sum(one.count for one in found), size=sum(one.size for one in found)),
        kinds=_by(found, lambda one: one.kind),
        sources=_by(found, lambda one: one.source),
        days=[schemas.DayAmount(day=one.day, count=one.count, size=one.size) for one in by_day],
    )


@routes.get(
    "/api/assets/tags", operation_id="asset_labels", summary="What assets can be filtered by", responses=problems()
)
async def asset_labels(parts: GatewayParts, caller: Caller) -> schemas.AssetLabels:
    """Tags and models, with how many assets have each."""
    async with parts.database.read() as session:
        tags = await catalog.tags(session, caller.owner_id)
        models = await catalog.models(session, caller.owner_id)
    return schemas.AssetLabels(
        tags=[schemas.Count(name=name, count=count) for name, count in tags],
        models=[schemas.Count(name=name, count=count) for name, count in models],
    )


@routes.post(
    "/api/assets/bulk",
    operation_id="change_assets",
    summary="Change many assets",
    responses=problems(400, 413, 415, 422),
)
async def change_assets(parts: GatewayParts, caller: Caller, body: schemas.AssetBulk) -> Listing[schemas.AssetOutcome]:
    """One change to up to 1000 assets; each has an outcome of its own."""
    return Listing(items=await library.act(parts.database, parts.objects, caller.owner_id, body))


@routes.post(
    "/api/assets/download",
    operation_id="download_assets",
    summary="Download many assets",
    response_class=StreamingResponse,
    responses={200: _ZIP, **problems(400, 404, 413, 415, 422)},
)
async def download_assets(parts: GatewayParts, caller: Caller, body: schemas.AssetSelection) -> StreamingResponse:
    """As one zip, made while it is sent. What is not there is left out."""
    ids = list(dict.fromkeys(body.ids))
    async with parts.database.read() as session:
        found = {row.id: row for row in await assets.of_ids(session, caller.owner_id, ids)}
    if not found:
        raise NotFound("There is none of these assets.")
    rows = [found[asset_id] for asset_id in ids if asset_id in found]
    headers = {"Content-Disposition": 'attachment; filename="atelier-assets.zip"'}
    return StreamingResponse(bundle.stream(parts.objects, rows), headers=headers, media_type=bundle.CONTENT_TYPE)


@routes.post(
    "/api/assets/inspect",
    operation_id="inspect_file",
    summary="Read the settings out of a file",
    responses=problems(400, 413, 415, 422),
    openapi_extra=_FILE_BODY,
)
async def inspect_file(parts: GatewayParts, caller: Caller, request: Request) -> schemas.Inspection:
    """Multipart, field `files`, one PNG, JPEG, WebP, GIF or MP4, made here or by a program that writes A1111's
    parameters. Nothing of it is kept."""
    async with scratch(parts, "inspect") as place:
        (received,) = await uploads.receive(request, place, 1)
        return await inspection.inspect(received, parts.settings.max_image_pixels)


def _by(found: Sequence[catalog.Figures], name: Callable[[catalog.Figures], str]) -> list[schemas.NamedAmount]:
    """Figures added up under names, the most bytes first."""
    sums = dict[str, schemas.NamedAmount]()
    for one in found:
        summed = sums.setdefault(name(one), schemas.NamedAmount(name=name(one), count=0, size=0))
        summed.count += one.count
        summed.size += one.size
    return sorted(sums.values(), key=lambda one: -one.size)
