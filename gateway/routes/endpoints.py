"""Endpoints: register them, see how they are, say which one answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Annotated, Any

from fastapi import Path
from google.protobuf.message import Message
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from atelier.v1 import chat_pb2, endpoints_pb2
from atelier.v1.endpoints_pb2 import EndpointStatus as Status
from gateway import endpoint_schemas as schemas
from gateway.catalog import usage
from gateway.catalog.jobs import JobFilter
from gateway.catalog.models import EndpointRow
from gateway.jobs import NewJob
from gateway.registry import EMBEDDED, as_message
from gateway.routes.jobs import ACCEPTED, accepted, bound_key, list_page
from gateway.routing import Cursor, IdempotencyKey, Limit, problems, router
from gateway.schemas import Job, Listing, Page
from gateway.state import Caller, GatewayParts, Parts, Trace
from services.kit.contract import contract
from services.kit.failures import BadInput, Failure, Unavailable

routes = router("endpoints")

Routing: type[BaseModel] = contract.model(endpoints_pb2.Routing)
EndpointId = Annotated[str, Path(max_length=64, description="ULID, or `embedded`.", examples=[EMBEDDED])]
BENCHMARK = "chat.benchmark_endpoint"
_EMBEDDED_WITHIN_S = 2.0
_STATES = {
    "ready": Status.ENDPOINT_STATUS_HEALTHY,
    "starting": Status.ENDPOINT_STATUS_DEGRADED,
    "down": Status.ENDPOINT_STATUS_OFFLINE,
}


@routes.get("/api/endpoints", operation_id="list_endpoints", summary="List endpoints", responses=problems())
async def list_endpoints(parts: GatewayParts, caller: Caller, trace: Trace) -> Listing[schemas.Endpoint]:
    """The embedded one first, then yours, oldest first. What is away does not delay the list."""
    rows = await parts.registry.of_owner(caller.owner_id)
    standing = await _standing(parts, caller.owner_id)
    embedded = await _embedded(parts, caller.owner_id, trace, standing)
    return Listing(items=[embedded, *(_shown(parts, row, standing) for row in rows)])


@routes.post(
    "/api/endpoints",
    operation_id="create_endpoint",
    summary="Register an endpoint",
    status_code=201,
    responses=problems(400, 409, 413, 415, 422),
)
async def create_endpoint(parts: GatewayParts, caller: Caller, body: schemas.EndpointCreate) -> schemas.Endpoint:
    """Your first becomes the active one. It is not asked whether it works: see `/api/endpoints/test`."""
    values = body.model_dump(exclude={"api_key"})
    if body.kind == "openai_compatible" and not body.base_url:
        raise BadInput.of("base_url", "is required for this kind")
    values["sealed_key"] = parts.secrets.seal(body.api_key.get_secret_value())
    row = await parts.registry.add(caller.owner_id, values)
    return _shown(parts, row, await _standing(parts, caller.owner_id))


@routes.post(
    "/api/endpoints/test",
    operation_id="try_endpoint",
    summary="Test an address",
    responses=problems(400, 413, 415, 422),
)
async def try_endpoint(
    parts: GatewayParts, caller: Caller, trace: Trace, body: schemas.EndpointTry
) -> schemas.EndpointTest:
    """Before it is registered: does it answer, with which models, and if not, why?"""
    sealed = parts.secrets.seal(body.api_key.get_secret_value())
    kind = f"ENDPOINT_KIND_{body.kind.upper()}"
    endpoint = endpoints_pb2.Endpoint(kind=kind, base_url=body.base_url, model=body.model, sealed_key=sealed)
    return await _tested(parts, caller.owner_id, trace, endpoint)


@routes.get(
    "/api/endpoints/discover",
    operation_id="discover_endpoints",
    summary="Look for endpoints on this machine",
    responses=problems(),
)
async def discover_endpoints(parts: GatewayParts, caller: Caller, trace: Trace) -> Listing[schemas.DiscoveredEndpoint]:
    """LM Studio, Ollama and vLLM at their usual addresses."""
    request = endpoints_pb2.DiscoverEndpointsRequest()
    found: endpoints_pb2.DiscoverEndpointsResponse = await parts.calls.unary(
        "chat.discover_endpoints", request, owner=caller.owner_id, traceparent=trace
    )
    mine = {(row.kind, row.base_url) for row in await parts.registry.of_owner(caller.owner_id)}
    return Listing(
        items=[
            schemas.DiscoveredEndpoint(
                kind=kind,
                base_url=one.base_url,
                models=_models(one.models),
                latency_ms=one.latency_ms,
                registered=bool({(kind, one.base_url), (kind, "")} & mine),
            )
            for kind, one in ((_kind(one), one) for one in found.endpoints)
        ]
    )


@routes.get(
    "/api/endpoints/{endpoint_id}", operation_id="get_endpoint", summary="Get an endpoint", responses=problems(404)
)
async def get_endpoint(parts: GatewayParts, caller: Caller, trace: Trace, endpoint_id: EndpointId) -> schemas.Endpoint:
    """One of the list."""
    standing = await _standing(parts, caller.owner_id)
    if endpoint_id == EMBEDDED:
        return await _embedded(parts, caller.owner_id, trace, standing)
    return _shown(parts, await parts.registry.get(caller.owner_id, endpoint_id), standing)


@routes.patch(
    "/api/endpoints/{endpoint_id}",
    operation_id="update_endpoint",
    summary="Change an endpoint",
    responses=problems(400, 404, 413, 415, 422),
)
async def update_endpoint(
    parts: GatewayParts, caller: Caller, endpoint_id: EndpointId, body: schemas.EndpointPatch
) -> schemas.Endpoint:
    """Answers that are being written are not interrupted."""
    values = body.model_dump(exclude_unset=True, exclude={"api_key"})
    for name, value in values.items():
        if value is None:
            raise BadInput.of(name, "must not be null")
    if body.api_key is not None:
        values["sealed_key"] = parts.secrets.seal(body.api_key.get_secret_value())
    row = await parts.registry.change(caller.owner_id, endpoint_id, values)
    return _shown(parts, row, await _standing(parts, caller.owner_id))


@routes.delete(
    "/api/endpoints/{endpoint_id}",
    operation_id="delete_endpoint",
    summary="Forget an endpoint",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def delete_endpoint(parts: GatewayParts, caller: Caller, endpoint_id: EndpointId) -> Response:
    """With its key. The routing goes on without it."""
    await parts.registry.remove(caller.owner_id, endpoint_id)
    return Response(status_code=204)


@routes.post(
    "/api/endpoints/{endpoint_id}/test",
    operation_id="test_endpoint",
    summary="Test an endpoint",
    responses=problems(404),
)
async def test_endpoint(
    parts: GatewayParts, caller: Caller, trace: Trace, endpoint_id: EndpointId
) -> schemas.EndpointTest:
    """Does it answer, with which models, and if not, why?"""
    row = await parts.registry.get(caller.owner_id, endpoint_id)
    return await _tested(parts, caller.owner_id, trace, as_message(row))


@routes.post(
    "/api/endpoints/{endpoint_id}/benchmark",
    operation_id="benchmark_endpoint",
    summary="Measure an endpoint",
    status_code=202,
    responses={**ACCEPTED, **problems(400, 404, 413, 415, 422)},
)
async def benchmark_endpoint(
    parts: GatewayParts,
    caller: Caller,
    trace: Trace,
    request: Request,
    response: Response,
    endpoint_id: EndpointId,
    body: schemas.BenchmarkCreate,
    idempotency_key: IdempotencyKey = None,
) -> Job:
    """A job: time to the first token and tokens a second, for one request and several at once."""
    if endpoint_id != EMBEDDED:
        await parts.registry.get(caller.owner_id, endpoint_id)
    asked = endpoints_pb2.BenchmarkEndpointRequest(endpoint_id=endpoint_id, **body.model_dump())
    new = NewJob(caller.owner_id, contract.methods[BENCHMARK], asked, contract.to_json(asked), None, trace)
    key = bound_key(idempotency_key, request, await request.body())
    return accepted(await parts.jobs.submit(new, key), response)


@routes.get(
    "/api/endpoints/{endpoint_id}/benchmarks",
    operation_id="list_benchmarks",
    summary="An endpoint's measurements",
    responses=problems(404, 422),
)
async def list_benchmarks(
    parts: GatewayParts, caller: Caller, endpoint_id: EndpointId, limit: Limit = 50, cursor: Cursor = None
) -> Page[Job]:
    """Newest first."""
    if endpoint_id != EMBEDDED:
        await parts.registry.get(caller.owner_id, endpoint_id)
    wanted = JobFilter(kind=BENCHMARK, params={"endpoint_id": endpoint_id})
    return await list_page(parts, caller.owner_id, wanted, limit, cursor)


@routes.get(
    "/api/endpoints/{endpoint_id}/health",
    operation_id="get_endpoint_health",
    summary="How an endpoint is and was",
    responses=problems(404),
)
async def get_endpoint_health(parts: GatewayParts, caller: Caller, endpoint_id: EndpointId) -> schemas.EndpointHistory:
    """Looked at every 30 s by asking for its models, which costs no tokens."""
    await parts.registry.get(caller.owner_id, endpoint_id)
    found = parts.registry.health(endpoint_id) or endpoints_pb2.EndpointHealth()
    history = [
        schemas.HealthSample(
            time=sample.time.ToDatetime(UTC), status=_status(sample), latency_ms=sample.latency_ms or None
        )
        for sample in found.history
    ]
    return schemas.EndpointHistory(**_health(found).model_dump(), history=history)


@routes.post(
    "/api/endpoints/{endpoint_id}/activate",
    operation_id="activate_endpoint",
    summary="Let an endpoint answer",
    response_model=Routing,
    responses=problems(404),
)
async def activate_endpoint(parts: GatewayParts, caller: Caller, endpoint_id: EndpointId) -> dict[str, Any]:
    """It answers requests that name no model from now on; the one before it is the first to fall back on."""
    return contract.to_json(await parts.registry.activate(caller.owner_id, endpoint_id))


@routes.get(
    "/api/routing",
    operation_id="get_routing",
    summary="How requests are routed",
    response_model=Routing,
    responses=problems(),
)
async def get_routing(parts: GatewayParts, caller: Caller) -> dict[str, Any]:
    """Active endpoint, fallback chain, rules and time-outs."""
    return contract.to_json(await parts.registry.routing(caller.owner_id))


async def set_routing(parts: GatewayParts, caller: Caller, body: BaseModel) -> dict[str, Any]:
    """Takes the place of what was set; what is not given gets its default."""
    wanted = contract.message(body, endpoints_pb2.Routing)
    assert isinstance(wanted, endpoints_pb2.Routing)
    return contract.to_json(await parts.registry.set_routing(caller.owner_id, wanted))


set_routing.__annotations__["body"] = Routing
routes.add_api_route(
    "/api/routing",
    set_routing,
    methods=["PUT"],
    operation_id="set_routing",
    summary="Route requests otherwise",
    response_model=Routing,
    responses=problems(400, 413, 415, 422),
)


async def _tested(parts: Parts, owner_id: str, trace: str, endpoint: endpoints_pb2.Endpoint) -> schemas.EndpointTest:
    found: endpoints_pb2.TestEndpointResponse = await parts.calls.unary(
        "chat.test_endpoint",
        endpoints_pb2.TestEndpointRequest(endpoint=endpoint),
        owner=owner_id,
        traceparent=trace,
    )
    return schemas.EndpointTest(
        status=_status(found),
        latency_ms=found.latency_ms or None,
        models=_models(found.models),
        code=found.code,
        detail=found.detail,
        hint=found.hint,
        base_url=found.base_url,
    )


@dataclass(frozen=True)
class _Standing:
    """What an owner's endpoints are shown with: which one is active, and what each has done."""

    active: str
    sessions: Mapping[str, usage.Sessions]

    def of(self, endpoint_id: str) -> dict[str, Any]:
        done = self.sessions.get(endpoint_id)
        return {
            "active": self.active == endpoint_id,
            "session_count": done.count if done else 0,
            "last_used_at": done.last_used_at if done else None,
            "tokens": done.tokens if done else 0,
            "mean_latency_ms": done.latency_ms if done else None,
        }


async def _standing(parts: Parts, owner_id: str) -> _Standing:
    active = (await parts.registry.routing(owner_id)).active
    async with parts.database.read() as session:
        return _Standing(active, await usage.by_endpoint(session, owner_id))


async def _embedded(parts: Parts, owner_id: str, trace: str, standing: _Standing) -> schemas.Endpoint:
    models: list[chat_pb2.ChatModel] = []
    health = endpoints_pb2.EndpointHealth(status=Status.ENDPOINT_STATUS_OFFLINE)
    try:
        request = chat_pb2.ListModelsRequest()
        answer = await parts.calls.unary(
            "chat.list_models", request, owner=owner_id, timeout=_EMBEDDED_WITHIN_S, traceparent=trace
        )
        models = [model for model in answer.models if model.endpoint_id == EMBEDDED]
        health.status = _STATES[models[0].status] if models else Status.ENDPOINT_STATUS_UNKNOWN
        health.detail = "" if health.status == Status.ENDPOINT_STATUS_HEALTHY else "It is starting."
    except Unavailable as failure:
        health.detail = failure.message
    except Failure as failure:
        health.status, health.detail = Status.ENDPOINT_STATUS_DEGRADED, failure.message
    return schemas.Endpoint.model_validate(
        {
            "id": EMBEDDED,
            "name": "Built in",
            "kind": "embedded",
            "base_url": "",
            "model": models[0].id if models else "",
            "has_key": False,
            "tags": [],
            "enabled": True,
            **standing.of(EMBEDDED),
            "models": [{"id": model.id, "context_length": model.context_length} for model in models],
            "health": _health(health),
            "created_at": None,
        }
    )


def _shown(parts: Parts, row: EndpointRow, standing: _Standing) -> schemas.Endpoint:
    found = parts.registry.health(row.id) or endpoints_pb2.EndpointHealth()
    return schemas.Endpoint.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "kind": row.kind,
            "base_url": row.base_url,
            "model": row.model,
            "has_key": bool(row.sealed_key),
            "tags": row.tags,
            "enabled": row.enabled,
            **standing.of(row.id),
            "models": _models(found.models),
            "health": _health(found),
            "created_at": row.created_at,
        }
    )


def _health(found: endpoints_pb2.EndpointHealth) -> schemas.EndpointHealth:
    return schemas.EndpointHealth(
        status=_status(found),
        latency_ms=found.latency_ms or None,
        checked_at=found.checked_at.ToDatetime(UTC) if found.HasField("checked_at") else None,
        code=found.code,
        detail=found.detail,
        cooling_until=found.cooling_until.ToDatetime(UTC) if found.HasField("cooling_until") else None,
        cooling_reason=found.cooling_reason,
    )


def _models(found: Iterable[endpoints_pb2.EndpointModel]) -> list[schemas.EndpointModel]:
    return [schemas.EndpointModel(id=model.id, context_length=model.context_length) for model in found]


def _kind(message: Message) -> Any:
    return contract.word(message, "kind")


def _status(message: Message) -> Any:
    return contract.word(message, "status") or "unknown"
