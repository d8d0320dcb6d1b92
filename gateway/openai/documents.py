"""How `/v1` is described in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message

from gateway.routing import RETRY_AFTER, event_stream

Responses = dict[int | str, dict[str, Any]]

_ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
SCHEMAS: Mapping[str, Any] = {"OpenAIError": _ERROR_SCHEMA}
_REASONS = {
    400: "A field is at fault; `param` names it.",
    401: "No valid bearer token.",
    403: "Not from there.",
    404: "There is no such model.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "Too many requests; come again after `Retry-After`.",
    500: "The service failed.",
    503: "No engine is ready or none is free; come again after `Retry-After`.",
    504: "No token came in time.",
}


def _json(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _error(status: int) -> dict[str, Any]:
    declared = _json({"$ref": "#/components/schemas/OpenAIError"}, _REASONS[status])
    return {**declared, "headers": RETRY_AFTER} if status in (429, 503, 504) else declared


ERRORS: Responses = {status: _error(status) for status in _REASONS}


def _listed(object_name: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["object", *properties],
        "properties": {"object": {"const": object_name}, **properties},
    }


def completion(object_name: str) -> Responses:
    """The success answers of a completion."""
    whole = _listed(
        object_name,
        id={"type": "string"},
        created={"type": "integer"},
        model={"type": "string"},
        choices={"type": "array", "items": {"type": "object"}},
    )
    described = _json(whole, "The completion; with `stream` its chunks as server-sent events, ended by `data: [DONE]`.")
    described["content"] |= event_stream(
        f'data: {{"id":"cmpl-1","object":"{object_name}.chunk","choices":[…]}}\n\ndata: [DONE]\n\n'
    )
    return {200: described}


_MODEL_SCHEMA = _listed(
    "model",
    id={"type": "string"},
    created={"type": "integer", "description": "Unix seconds."},
    owned_by={"type": "string"},
    atelier={"type": "object", "description": "Endpoint, task, status and context length."},
)
MODEL = _json(_MODEL_SCHEMA, "The model.")
MODELS = _json(_listed("list", data={"type": "array", "items": _MODEL_SCHEMA}), "The models.")
EMBEDDING = _json(
    _listed("list", data={"type": "array", "items": {"type": "object"}}, model={"type": "string"}), "The vectors."
)


def request_body(message_type: type[Message]) -> dict[str, Any]:
    """The request body of a route that reads it by itself; `openapi.py` adds the schema of that name."""
    reference = f"#/components/schemas/{message_type.DESCRIPTOR.name}"
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": reference}}}}}
