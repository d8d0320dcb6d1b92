"""Generation: one route per job method of the diffusion service, derived from the contract."""

from typing import Annotated, Any, cast

from fastapi import APIRouter, Response
from google.protobuf.message import Message
from pydantic import BaseModel, Field, create_model
from starlette.requests import Request

from atelier.v1 import diffusion_pb2
from gateway import models, references, schemas
from gateway.catalog import registered
from gateway.catalog.jobs import JobFilter
from gateway.generation_options import modes_of_service, offered, path_word
from gateway.jobs import NewJob
from gateway.routes.jobs import ACCEPTED, accepted, bound_key, find_job, list_page, show
from gateway.routing import Cursor, Id, IdempotencyKey, Limit, problems, router
from gateway.state import Caller, GatewayParts, Parts, Trace
from services.kit.contract import Method, contract
from services.kit.failures import BadInput, ModelNotFound

# How long accepting a job may wait to hear whether its model is there.
_MODELS_WITHIN_S = 1.0

routes = router("generate")

ProjectId = Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The project it belongs to.")]


def request_model(method: Method) -> type[BaseModel]:
    """The contract's request as the API takes it: with the project it belongs to."""
    base = contract.model(method.request_type)
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, project_id=(ProjectId, None))


def request_message(method: Method, body: BaseModel) -> Any:
    """The service's request out of a validated body."""
    values = {name: value for name, value in vars(body).items() if name != "project_id"}
    return contract.message(contract.model(method.request_type).model_construct(**values), method.request_type)


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
        message = request_message(method, body)
        project_id = cast(str | None, getattr(body, "project_id"))  # noqa: B009  # the derived model has it
        await references.known(parts, caller.owner_id, message)
        travelling = await references.resolved(parts, caller.owner_id, message)
        await _require_offered(parts, caller.owner_id, trace, travelling)
        new = NewJob(caller.owner_id, method, travelling, contract.to_json(message), project_id, trace)
        key = bound_key(idempotency_key, request, await request.body())
        taken = await parts.jobs.submit(new, key)
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
    """Refuse a model the service does not have, and what it cannot do. While no service answers it is for the job to
    find out."""
    asked = message if isinstance(message, diffusion_pb2.UpscaleRequest) else None
    if asked is not None and bool(asked.image) == bool(asked.video):
        raise BadInput.of("image", "give either a picture as image or a video as video")
    # What is a URI by now is registered, and was looked up.
    given = cast(str, getattr(message, "model"))  # noqa: B009  # every generation has it
    name = "" if "://" in given else given
    if not name and not (asked and asked.face_restore):
        return
    found = await models.options(parts, owner_id, trace, timeout=_MODELS_WITHIN_S)
    if found is None:
        return
    known = [model.name for model in (found.upscalers if asked else found.models)]
    if name and known and name not in known:
        async with parts.database.read() as session:
            known += await registered.names(session, owner_id, "upscaler" if asked else "base")
        raise ModelNotFound.of(name, known, task="upscaling" if asked else "")
    if asked and asked.face_restore and not found.face_restoration:
        raise BadInput.of("face_restore", "faces cannot be restored here: the weights for it are not there")


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
