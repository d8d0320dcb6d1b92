"""`/v1`: what the official SDKs speak."""

from typing import Annotated, Any

import orjson
from fastapi import Path
from starlette.requests import Request
from starlette.responses import Response

from atelier.v1.chat_pb2 import (
    ChatCompletionRequest,
    ChatModel,
    CompletionRequest,
    EmbeddingRequest,
    EmbeddingResponse,
    ListModelsRequest,
    ListModelsResponse,
)
from gateway.openai.answers import CompletionResponse
from gateway.openai.documents import EMBEDDING, ERRORS, MODEL, MODELS, completion, request_body
from gateway.openai.requests import message
from gateway.routing import read_json, router
from gateway.state import Caller, GatewayParts, Parts, Trace
from services.kit.failures import ModelNotFound

routes = router("openai")


@routes.post(
    "/v1/chat/completions",
    operation_id="create_chat_completion",
    summary="Continue a conversation",
    response_class=Response,
    responses={**completion("chat.completion"), **ERRORS},
    openapi_extra=request_body(ChatCompletionRequest),
)
async def create_chat_completion(parts: GatewayParts, caller: Caller, trace: Trace, request: Request) -> Response:
    """OpenAI's chat completions, streamed or whole."""
    asked = message(ChatCompletionRequest, await read_json(request))
    return await _complete(parts, asked, caller.owner_id, trace, request)


@routes.post(
    "/v1/completions",
    operation_id="create_completion",
    summary="Continue a text",
    response_class=Response,
    responses={**completion("text_completion"), **ERRORS},
    openapi_extra=request_body(CompletionRequest),
)
async def create_completion(parts: GatewayParts, caller: Caller, trace: Trace, request: Request) -> Response:
    """OpenAI's completions, streamed or whole."""
    asked = message(CompletionRequest, await read_json(request))
    return await _complete(parts, asked, caller.owner_id, trace, request)


async def _complete(
    parts: Parts, asked: ChatCompletionRequest | CompletionRequest, owner_id: str, trace: str, request: Request
) -> Response:
    fresh = "no-cache" in request.headers.get("cache-control", "")
    answer = await parts.completions.ask(asked, owner_id, trace, fresh=fresh)
    return CompletionResponse(answer.chunks, stream=asked.stream, headers=answer.headers)


@routes.post(
    "/v1/embeddings",
    operation_id="create_embedding",
    summary="Turn texts into vectors",
    response_class=Response,
    responses={200: EMBEDDING, **ERRORS},
    openapi_extra=request_body(EmbeddingRequest),
)
async def create_embedding(parts: GatewayParts, caller: Caller, trace: Trace, request: Request) -> Response:
    """OpenAI's embeddings."""
    asked = message(EmbeddingRequest, await read_json(request))
    headers = await parts.rate_limit.take(caller.owner_id)
    answer: EmbeddingResponse = await parts.calls.unary(
        "chat.create_embedding", asked, owner=caller.owner_id, traceparent=trace
    )
    return Response(answer.json, headers=headers, media_type="application/json")


@routes.get(
    "/v1/models",
    operation_id="list_models",
    summary="List models",
    response_class=Response,
    responses={200: MODELS, **ERRORS},
)
async def list_models(parts: GatewayParts, caller: Caller, trace: Trace) -> Response:
    """The models that answer, and those still on their way; `atelier.status` tells them apart."""
    data = [_model(model) for model in await _models(parts, caller.owner_id, trace)]
    return _json({"object": "list", "data": data})


@routes.get(
    "/v1/models/{model_id:path}",
    operation_id="get_model",
    summary="Get a model",
    response_class=Response,
    responses={200: MODEL, **ERRORS},
)
async def get_model(
    parts: GatewayParts,
    caller: Caller,
    trace: Trace,
    model_id: Annotated[
        str, Path(description="Name of the model; it may hold slashes.", examples=["all-minilm-l6-v2"])
    ],
) -> Response:
    """One of the list."""
    models = await _models(parts, caller.owner_id, trace)
    for model in models:
        if model.id == model_id:
            return _json(_model(model))
    raise ModelNotFound.of(model_id, (model.id for model in models))


async def _models(parts: Parts, owner_id: str, trace: str) -> list[ChatModel]:
    request = ListModelsRequest()
    answer: ListModelsResponse = await parts.calls.unary("chat.list_models", request, owner=owner_id, traceparent=trace)
    return list(answer.models)


def _model(model: ChatModel) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": "atelier",
        "atelier": {
            "endpoint": model.endpoint,
            "task": model.task,
            "status": model.status,
            "context_length": model.context_length,
        },
    }


def _json(data: Any) -> Response:
    return Response(orjson.dumps(data), media_type="application/json")
