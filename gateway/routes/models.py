"""Models: bring them in, see what they are, load them, keep them, let them go."""

from collections import Counter
from typing import Annotated, Any

from fastapi import Path, Query, Response
from starlette.requests import Request

from atelier.v1.models_pb2 import ModelAction
from gateway import model_schemas as schemas
from gateway import model_views, models, uploads
from gateway.catalog import registered
from gateway.catalog.models import ModelRow
from gateway.catalog.registered import ModelFilter
from gateway.routes.jobs import bound_key
from gateway.routing import Cursor, IdempotencyKey, Limit, problems, router
from gateway.schemas import Page
from gateway.scratch import scratch
from gateway.state import Asking, Caller, GatewayParts, Parts, Trace
from services.kit.failures import BadInput, Conflict, NotFound

routes = router("models")

ModelId = Annotated[
    str, Path(max_length=80, description="ULID, or `built-in:<name>`.", examples=["01K9ZC1Q5V8M3T7R2N4B6D0XYA"])
]
UploadName = Annotated[schemas.Name | None, Query(description="Absent = after the file.")]
UploadKind = Annotated[schemas.ModelKind | None, Query(description="Needed only where the file does not tell.")]

_COMING: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "On its way; `job` tells how far it is.",
        "headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}, "required": True}},
    }
}
_PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle")


@routes.get("/api/models", operation_id="list_registered_models", summary="List models", responses=problems(422))
async def list_models(
    parts: GatewayParts,
    caller: Caller,
    trace: Trace,
    kind: Annotated[schemas.ModelKind | None, Query(description="Of this kind only.")] = None,
    family: Annotated[str | None, Query(max_length=32, description="Of this family only.")] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Text in name, description, tags, trigger words.")
    ] = None,
    favourite: Annotated[bool | None, Query(description="Favourites only, or all others.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[schemas.Model]:
    """The built-in ones, then yours, newest first. Language models on servers are at `/api/endpoints`."""
    wanted = ModelFilter(kind=kind, family=family, text=q, favourite=favourite)
    async with parts.database.read() as session:
        part = await registered.page(session, caller.owner_id, wanted, limit, cursor)
    around = await model_views.context(parts, caller.owner_id, part.rows)
    items = [model_views.shown(parts, row, around) for row in part.rows]
    if cursor is None and kind in (None, "base") and not family and not favourite:
        found = await models.options(parts, caller.owner_id, trace)
        built_in = [m for m in found.models if not q or q.lower() in m.name.lower()] if found else []
        items = [*(model_views.shown_built_in(parts, model, around) for model in built_in), *items]
    return Page(items=items, next_cursor=part.next_cursor)


@routes.post(
    "/api/models",
    operation_id="register_model",
    summary="Register a model",
    status_code=202,
    responses={**_COMING, **problems(400, 413, 415, 422)},
)
async def register_model(
    parts: GatewayParts,
    asking: Asking,
    request: Request,
    response: Response,
    body: schemas.ModelCreate,
    idempotency_key: IdempotencyKey = None,
) -> schemas.Model:
    """A job downloads it, looks what it is, and stores it for all workers. Safetensors only: a pickle is refused."""
    key = bound_key(idempotency_key, request, await request.body())
    return await _coming(parts, response, await models.register(parts, asking, body, key))


@routes.post(
    "/api/models/upload",
    operation_id="upload_model",
    summary="Upload a model",
    status_code=202,
    responses={**_COMING, **problems(400, 413, 415, 422)},
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
                                "type": "string",
                                "format": "binary",
                                "description": "A .safetensors file, or a folder as .zip.",
                            }
                        },
                    },
                    "example": {uploads.FIELD: "(the content of style.safetensors)"},
                }
            },
        }
    },
)
async def upload_model(
    parts: GatewayParts,
    asking: Asking,
    request: Request,
    response: Response,
    name: UploadName = None,
    kind: UploadKind = None,
) -> schemas.Model:
    """Multipart, one file in the field `files`: a safetensors file, or a diffusers folder in a zip."""
    async with scratch(parts, "model") as place:
        (upload,) = await uploads.receive(request, place, 1)
        lower = upload.name.lower()
        if lower.endswith(_PICKLES):
            raise BadInput.of(
                uploads.FIELD,
                f"{upload.name} is a pickle, which can run any code when it is read",
                hint="Only safetensors files are taken; most models are offered in that format too.",
            )
        if not lower.endswith((".safetensors", ".zip")):
            raise BadInput.of(uploads.FIELD, f"{upload.name} is neither a .safetensors file nor a .zip of a folder")
        row = await models.register_upload(parts, asking, upload.path, upload.name, upload.sha256, name, kind)
    return await _coming(parts, response, row)


@routes.get("/api/models/stats", operation_id="model_statistics", summary="Models in figures", responses=problems())
async def model_statistics(parts: GatewayParts, caller: Caller) -> schemas.ModelStatistics:
    """How many, how large, how often used; and what the workers have in memory and on disk."""
    async with parts.database.read() as session:
        rows = await registered.all_of(session, caller.owner_id)
        uses = await registered.uses(session, caller.owner_id)
    named = {row.id: row.name for row in rows}
    most = sorted(uses.values(), key=lambda use: (-use.uses, use.model))
    known = [use for use in most if use.model in named or use.model.startswith(model_views.BUILT_IN)]
    return schemas.ModelStatistics(
        models=len(rows),
        size=sum({row.sha256: row.size for row in rows}.values()),
        by_kind=dict(Counter(row.kind or "unknown" for row in rows)),
        by_family=dict(Counter(row.family for row in rows)),
        by_status=dict(Counter(row.status for row in rows)),
        uses=sum(use.uses for use in most),
        most_used=[
            schemas.ModelUse(
                id=use.model,
                name=named.get(use.model, use.model.removeprefix(model_views.BUILT_IN)),
                uses=use.uses,
                last_used_at=use.last_used_at,
            )
            for use in known[:10]
        ],
        workers=[
            schemas.WorkerMemory(
                worker=worker.worker,
                device=worker.device,
                memory_used=worker.memory_used,
                memory_budget=worker.memory_budget,
                disk_used=worker.disk_used,
                disk_budget=worker.disk_budget,
                models=sum(model.status == "loaded" for model in worker.models),
            )
            for worker in parts.loaded.workers
        ],
    )


@routes.get(
    "/api/models/{model_id}", operation_id="get_registered_model", summary="Get a model", responses=problems(404)
)
async def get_model(parts: GatewayParts, caller: Caller, trace: Trace, model_id: ModelId) -> schemas.Model:
    """One of the list."""
    return await _show(parts, caller.owner_id, model_id, trace)


@routes.patch(
    "/api/models/{model_id}",
    operation_id="update_model",
    summary="Change a model",
    responses=problems(400, 404, 409, 413, 415, 422),
)
async def update_model(
    parts: GatewayParts, caller: Caller, model_id: ModelId, body: schemas.ModelPatch
) -> schemas.Model:
    """Name, words, preview: what people say of it. Jobs already accepted know it by its old name."""
    _refuse_built_in(model_id)
    values = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        if value is None and name != "preview_asset_id":
            raise BadInput.of(name, "must not be null")
    row = await models.change(parts, caller.owner_id, model_id, values)
    return await _shown(parts, row)


@routes.delete(
    "/api/models/{model_id}",
    operation_id="delete_model",
    summary="Delete a model",
    status_code=204,
    response_class=Response,
    responses=problems(404, 409),
)
async def delete_model(parts: GatewayParts, caller: Caller, model_id: ModelId) -> Response:
    """With its files, for good. Pictures made with it stay."""
    _refuse_built_in(model_id)
    await models.remove(parts, await models.load(parts, caller.owner_id, model_id))
    return Response(status_code=204)


@routes.post(
    "/api/models/{model_id}/retry",
    operation_id="retry_model",
    summary="Bring a model in again",
    status_code=202,
    responses={**_COMING, **problems(404, 409)},
)
async def retry_model(parts: GatewayParts, asking: Asking, response: Response, model_id: ModelId) -> schemas.Model:
    """After it failed or was cancelled."""
    _refuse_built_in(model_id)
    row = await models.load(parts, asking.owner_id, model_id)
    return await _coming(parts, response, await models.again(parts, asking, row))


@routes.post(
    "/api/models/{model_id}/load",
    operation_id="load_model",
    summary="Load a model",
    status_code=202,
    responses=problems(404, 409),
)
async def load_model(parts: GatewayParts, caller: Caller, trace: Trace, model_id: ModelId) -> schemas.Model:
    """Into the memory of every worker, since any of them may be given the next job; `loaded_on` tells how it goes.
    Where there is no room, models longest not used make room."""
    found = await models.subject(parts, caller.owner_id, model_id, trace)
    await parts.loaded.tell(ModelAction.MODEL_ACTION_LOAD, found.model)
    return await _show(parts, caller.owner_id, model_id, trace)


@routes.post(
    "/api/models/{model_id}/unload",
    operation_id="unload_model",
    summary="Unload a model",
    status_code=202,
    responses=problems(404, 409),
)
async def unload_model(parts: GatewayParts, caller: Caller, trace: Trace, model_id: ModelId) -> schemas.Model:
    """Out of every worker's memory. One that is being used stays until it is not (409)."""
    found = await models.subject(parts, caller.owner_id, model_id, trace)
    if any(place.in_use for place in parts.loaded.of(found.key).values()):
        raise Conflict("The model is being used.", hint="Wait for its jobs to end, or cancel them.")
    await parts.loaded.unpin(found.key)
    await parts.loaded.tell(ModelAction.MODEL_ACTION_UNLOAD, found.model)
    return await _show(parts, caller.owner_id, model_id, trace)


@routes.post(
    "/api/models/{model_id}/pin",
    operation_id="pin_model",
    summary="Keep a model in memory",
    responses=problems(404, 409),
)
async def pin_model(parts: GatewayParts, caller: Caller, trace: Trace, model_id: ModelId) -> schemas.Model:
    """At every worker, also those that start later; it never makes room for another."""
    found = await models.subject(parts, caller.owner_id, model_id, trace)
    await parts.loaded.pin(found.key, found.model)
    return await _show(parts, caller.owner_id, model_id, trace)


@routes.post(
    "/api/models/{model_id}/unpin",
    operation_id="unpin_model",
    summary="Keep a model in memory no longer",
    responses=problems(404, 409),
)
async def unpin_model(parts: GatewayParts, caller: Caller, trace: Trace, model_id: ModelId) -> schemas.Model:
    """It stays until another needs the room."""
    found = await models.subject(parts, caller.owner_id, model_id, trace)
    await parts.loaded.unpin(found.key)
    return await _show(parts, caller.owner_id, model_id, trace)


def _refuse_built_in(model_id: str) -> None:
    if model_id.startswith(model_views.BUILT_IN):
        raise Conflict("A built-in model cannot be changed or deleted.", hint="It is set by ATELIER_DIFFUSION_MODEL.")


async def _coming(parts: Parts, response: Response, row: ModelRow) -> schemas.Model:
    response.headers["Location"] = f"/api/models/{row.id}"
    return await _shown(parts, row)


async def _shown(parts: Parts, row: ModelRow) -> schemas.Model:
    return model_views.shown(parts, row, await model_views.context(parts, row.owner_id, [row]))


async def _show(parts: Parts, owner_id: str, model_id: str, trace: str) -> schemas.Model:
    if not model_id.startswith(model_views.BUILT_IN):
        return await _shown(parts, await models.load(parts, owner_id, model_id))
    found = await models.options(parts, owner_id, trace, timeout=5)
    name = model_id.removeprefix(model_views.BUILT_IN)
    model = next((model for model in found.models if model.name == name), None) if found else None
    if model is None:
        raise NotFound(f"There is no model {model_id}.")
    return model_views.shown_built_in(parts, model, await model_views.context(parts, owner_id, []))
