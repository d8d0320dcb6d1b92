"""Datasets: made of rated answers, looked at, taken away."""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response, StreamingResponse

from gateway import dataset_content as content
from gateway import dataset_schemas as schemas
from gateway import datasets, export
from gateway.catalog import datasets as catalog
from gateway.catalog import pages
from gateway.catalog.models import now
from gateway.routing import Cursor, Id, Limit, problems, router
from gateway.schemas import Listing, Page
from gateway.state import Caller, GatewayParts
from services.kit.failures import BadInput, NotFound

routes = router("datasets")

Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Absent = the newest.")]

_THERE: dict[int | str, dict[str, Any]] = {
    200: {"description": "It was made of the same answers before; nothing new was made.", "model": schemas.Dataset}
}
_FILE: dict[str, Any] = {
    "description": "The items, JSON Lines.",
    "content": {content.CONTENT_TYPE: {"schema": {"type": "string"}}},
}


@routes.get("/api/datasets/", operation_id="list_datasets", summary="List datasets", responses=problems(422))
@routes.get("/api/datasets", include_in_schema=False)
async def list_datasets(
    parts: GatewayParts,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    q: Annotated[str | None, Query(max_length=200, description="Text to look for in names and descriptions.")] = None,
) -> Page[schemas.Dataset]:
    """Newest first."""
    async with parts.database.read() as session:
        part = await catalog.page(session, caller.owner_id, q, limit, cursor)
    return Page(items=[datasets.view(*row) for row in part.rows], next_cursor=part.next_cursor)


@routes.post(
    "/api/datasets/from-ratings",
    operation_id="create_dataset_from_ratings",
    summary="Make a dataset of rated answers",
    status_code=201,
    responses={**_THERE, **problems(400, 409, 413, 415, 422)},
)
async def create_dataset_from_ratings(
    parts: GatewayParts, caller: Caller, response: Response, body: schemas.DatasetFromRatings
) -> schemas.Dataset:
    """A new one, or a new version of `dataset_id`. The same answers make the same version, so asking twice is harmless;
    while too few are rated good it is refused (409). How many there are is at `/api/chat/ratings`."""
    made = await datasets.from_ratings(parts, caller.owner_id, body)
    if not made.new:
        response.status_code = 200
    return datasets.view(made.dataset, made.version)


@routes.get("/api/datasets/{dataset_id}", operation_id="get_dataset", summary="Get a dataset", responses=problems(404))
async def get_dataset(parts: GatewayParts, caller: Caller, dataset_id: Id) -> schemas.Dataset:
    """One of the list."""
    return datasets.view(*await datasets.load(parts, caller.owner_id, dataset_id))


@routes.patch(
    "/api/datasets/{dataset_id}",
    operation_id="update_dataset",
    summary="Change a dataset",
    responses=problems(400, 404, 413, 415, 422),
)
async def update_dataset(
    parts: GatewayParts, caller: Caller, dataset_id: Id, body: schemas.DatasetPatch
) -> schemas.Dataset:
    """Name, description or tags; what is in it are its versions, which never change."""
    values = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        if value is None:
            raise BadInput.of(name, "must not be null")
    async with parts.database.write() as session:
        found = await catalog.get(session, caller.owner_id, dataset_id)
        if found is None:
            raise NotFound(f"There is no dataset {dataset_id}.")
        for name, value in {**values, "updated_at": now()}.items():
            setattr(found[0], name, value)
    return datasets.view(*found)


@routes.delete(
    "/api/datasets/{dataset_id}",
    operation_id="delete_dataset",
    summary="Delete a dataset",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def delete_dataset(parts: GatewayParts, caller: Caller, dataset_id: Id) -> Response:
    """With all its versions, for good. The conversations it was made of stay."""
    row, _ = await datasets.load(parts, caller.owner_id, dataset_id)
    await datasets.delete(parts, row)
    return Response(status_code=204)


@routes.get(
    "/api/datasets/{dataset_id}/versions",
    operation_id="list_dataset_versions",
    summary="A dataset's versions",
    responses=problems(404),
)
async def list_dataset_versions(parts: GatewayParts, caller: Caller, dataset_id: Id) -> Listing[schemas.DatasetVersion]:
    """All of them, newest first."""
    row, _ = await datasets.load(parts, caller.owner_id, dataset_id)
    async with parts.database.read() as session:
        rows = await catalog.versions(session, row.id)
    return Listing(items=[datasets.version_view(one) for one in rows])


@routes.get(
    "/api/datasets/{dataset_id}/items",
    operation_id="list_dataset_items",
    summary="A dataset's items",
    responses=problems(404, 422),
)
async def list_dataset_items(
    parts: GatewayParts,
    caller: Caller,
    dataset_id: Id,
    version: Version = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[schemas.DatasetItem]:
    """In their order. A cursor goes on in the version it began with, whatever is added meanwhile."""
    place = content.place_of(cursor) if cursor else None
    if place is not None and version not in (None, place.number):
        pages.refuse()
    number = place.number if place is not None else version
    _, row = await datasets.load_version(parts, caller.owner_id, dataset_id, number)
    found, following = await content.items(parts.objects, row, place or content.Place(row.number), limit)
    return Page(items=found, next_cursor=following.cursor() if following else None)


@routes.get(
    "/api/datasets/{dataset_id}/stats",
    operation_id="get_dataset_statistics",
    summary="A dataset in figures",
    responses=problems(404, 422),
)
async def get_dataset_statistics(
    parts: GatewayParts, caller: Caller, dataset_id: Id, version: Version = None
) -> schemas.DatasetStatistics:
    """Of one version."""
    _, row = await datasets.load_version(parts, caller.owner_id, dataset_id, version)
    return datasets.statistics(row)


@routes.get(
    "/api/datasets/{dataset_id}/export",
    operation_id="export_dataset",
    summary="Download a dataset",
    response_class=StreamingResponse,
    responses={200: _FILE, **problems(404, 422)},
)
async def export_dataset(
    parts: GatewayParts, caller: Caller, dataset_id: Id, version: Version = None
) -> StreamingResponse:
    """One version, just as it is kept: one JSON object a line."""
    dataset, row = await datasets.load_version(parts, caller.owner_id, dataset_id, version)
    # Once the answer has begun it cannot become a problem any more.
    await content.present(parts.objects, row)
    headers = {
        "Content-Disposition": export.disposition(f"{dataset.name}-{row.number}.jsonl"),
        "Content-Length": str(row.size_bytes),
    }
    return StreamingResponse(content.stream(parts.objects, row), headers=headers, media_type=content.CONTENT_TYPE)
