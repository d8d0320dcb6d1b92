"""Generation: one route per job method of the diffusion service, derived from the contract."""

from typing import cast

from fastapi import APIRouter, Response
from google.protobuf.message import Message
from pydantic import BaseModel
from starlette.requests import Request

from atelier.v1 import diffusion_pb2
from gateway import models, presets, references, schemas
from gateway.auth import Principal
from gateway.catalog import registered
from gateway.catalog.jobs import JobFilter
from gateway.generation_options import modes_of_service, offered, path_word
from gateway.generation_requests import OURS, request_message, request_model
from gateway.jobs import NewJob
from gateway.presets import Asked
from gateway.routes.jobs import ACCEPTED, accepted, bound_key, find_job, list_page, show
from gateway.routing import Cursor, Id, IdempotencyKey, Limit, problems, router
from gateway.state import Caller, GatewayParts, Parts, Trace
from services.kit import grid
from services.kit.contract import Method, contract
from services.kit.failures import BadInput, ModelNotFound

# How long accepting a job may wait to hear whether its model is there.
_MODELS_WITHIN_S = 1.0

routes = router("generate")


async def asked(parts: Parts, caller: Principal, trace: str, method: Method, body: BaseModel) -> Asked:
    """A validated body as the service's request, with the preset it names applied. Raises `BadInput`."""
    word: str = getattr(body, "preset", None) or ""
    variables: dict[str, str] = getattr(body, "preset_variables", {})
    if not word:
        if variables:
            raise BadInput.of("preset_variables", "belong to a preset; `preset` names none")
        return Asked(request_message(method, body))
    preset = await presets.chosen(parts, caller.owner_id, word)
    values = body.model_dump(exclude_unset=True, exclude_none=True, exclude=set(OURS))
    native = 0
    if presets.wants_native_size(preset):
        native = await _native_size(parts, caller.owner_id, trace, values.get("model") or "")
    return presets.applied(preset, method, values, variables, native)


def _add(routes: APIRouter, method: Method) -> None:
    async def generate(
        parts: GatewayParts,
        caller: Caller,
        trace: Trace,
        request: Request,
        response: Response,
        body: BaseModel,
        idempotency_key: IdempotencyKey = None,
    ) -> schemas.Job:
        request_asked = await asked(parts, caller, trace, method, body)
        message = request_asked.message
        project_id = cast(str | None, getattr(body, "project_id"))  # noqa: B009  # the derived model has it
        await references.known(parts, caller.owner_id, message)
        travelling = await references.resolved(parts, caller.owner_id, message)
        await _require_offered(parts, caller.owner_id, trace, travelling)
        if isinstance(travelling, diffusion_pb2.GridRequest):
            grid.cells(travelling)
        params = {**contract.to_json(message), **request_asked.words}
        new = NewJob(caller.owner_id, method, travelling, params, project_id, trace, teaches=True)
        key = bound_key(idempotency_key, request, await request.body())
        taken = await parts.jobs.submit(new, key)
        parts.learner.poke()
        await models.count_use(parts, caller.owner_id, message)
        return accepted(taken, response)

    generate.__annotations__["body"] = request_model(method)
    routes.add_api_route(
        f"/api/generate/{path_word(method)}",
        generate,
        methods=["POST"],
        status_code=202,
        operation_id=method.name,
        summary=method.doc.rstrip("."),
        description="Accepts a job; follow it at `/api/jobs/{id}/events`.",
        responses={**ACCEPTED, **problems(400, 404, 413, 415, 422)},
    )


async def _require_offered(parts: Parts, owner_id: str, trace: str, message: Message) -> None:
    """Refuse a model or a LoRA the service does not have, and what it cannot do. While no service answers it is for the
    job to find out."""
    asked = message if isinstance(message, diffusion_pb2.UpscaleRequest) else None
    if asked is not None and bool(asked.image) == bool(asked.video):
        raise BadInput.of("image", "give either a picture as image or a video as video")
    # What is a URI by now is registered, and was looked up.
    asks = [(path, name) for path, name in references.models_named(message) if "://" not in name]
    if not asks and not (asked and asked.face_restore):
        return
    found = await models.options(parts, owner_id, trace, timeout=_MODELS_WITHIN_S)
    if found is None:
        return
    known = [model.name for model in (found.upscalers if asked else found.models)]
    for path, name in asks:
        if path.startswith("loras."):
            if name not in found.loras:
                there = ", ".join(found.loras) or "none"
                raise BadInput.of(path, f"there is no LoRA {name!r}; known: {there}")
        elif known and name not in known:
            async with parts.database.read() as session:
                known += await registered.names(session, owner_id, "upscaler" if asked else "base")
            raise ModelNotFound.of(name, known, task="upscaling" if asked else "", field=path)
    if asked and asked.face_restore and not found.face_restoration:
        raise BadInput.of("face_restore", "faces cannot be restored here: the weights for it are not there")


async def _native_size(parts: Parts, owner_id: str, trace: str, name: str) -> int:
    """The side of the square a model was trained for, "" = of the default model; 0 while that is not known."""
    found = await models.options(parts, owner_id, trace, timeout=_MODELS_WITHIN_S)
    sizes = [model.native_size for model in found.models if name in ("", model.name)] if found else []
    return sizes[0] if sizes else 0


for _method in modes_of_service():
    _add(routes, _method)


@routes.get("/api/generate/", operation_id="list_generations", summary="List generation jobs", responses=problems(422))
@routes.get("/api/generate", include_in_schema=False)
async def list_generations(
    parts: GatewayParts, caller: Caller, limit: Limit = 50, cursor: Cursor = None
) -> schemas.Page[schemas.Job]:
    """Newest first."""
    return await list_page(
        parts, caller.owner_id, JobFilter(kinds=tuple(mode.kind for mode in modes_of_service())), limit, cursor
    )


@routes.get(
    "/api/generate/options", operation_id="generation_options", summary="What can be asked for", responses=problems()
)
async def generation_options(parts: GatewayParts, caller: Caller, trace: Trace) -> schemas.GenerationOptions:
    """Modes with their fields, models, samplers and sizes, for forms. Without a diffusion service everything but the
    models is known."""
    found = await models.options(parts, caller.owner_id, trace, timeout=5)
    own = await models.generating(parts, caller.owner_id) if found is not None else []
    return offered(found, own)


@routes.get(
    "/api/generate/{job_id}", operation_id="get_generation", summary="Get a generation job", responses=problems(404)
)
async def get_generation(parts: GatewayParts, caller: Caller, job_id: Id) -> schemas.Job:
    """The same as `/api/jobs/{id}`."""
    return await show(parts, await find_job(parts, caller.owner_id, job_id))
