"""The OpenAPI document. `python -m gateway.openapi` prints it; no server is needed."""

import sys
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from google.protobuf.message import Message

from atelier.v1.chat_pb2 import ChatCompletionRequest, CompletionRequest, EmbeddingRequest
from gateway.openai.documents import SCHEMAS
from gateway.problems import Problem
from gateway.routing import problem_response
from services.kit.contract import contract

_REFERENCE = "#/components/schemas/{model}"
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_OPENAI_REQUESTS: tuple[type[Message], ...] = (ChatCompletionRequest, CompletionRequest, EmbeddingRequest)

_DESCRIPTION = """A self-hosted AI studio.

Long work answers `202` with a job; follow it at `/api/jobs/{id}/events`. Errors are `application/problem+json`
(RFC 9457), and OpenAI's error object under `/v1`. Times are RFC 3339 in UTC, ids are ULIDs, lists go on with `cursor`.
Over `/api/ws` the same events come through one WebSocket.
"""

_TAGS = [
    {"name": "generate", "description": "Make pictures."},
    {"name": "jobs", "description": "Long work."},
    {"name": "events", "description": "What happens, as it happens."},
    {"name": "assets", "description": "What was made or uploaded."},
    {"name": "boards", "description": "Collections of assets."},
    {"name": "conversations", "description": "Chat that is kept."},
    {"name": "models", "description": "What pictures are made with."},
    {"name": "datasets", "description": "What models can be trained on."},
    {"name": "presets", "description": "Styles to ask for pictures and videos with."},
    {"name": "suggestions", "description": "Help with prompts."},
    {"name": "monitoring", "description": "What runs and how it is."},
    {"name": "openai", "description": "The API of OpenAI's SDKs."},
    {"name": "health", "description": "For probes and scrapers."},
]


def install(app: FastAPI) -> None:
    """Make the app serve this document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = document


def build(app: FastAPI) -> dict[str, Any]:
    """The document: what the framework derives, with our errors in place of its own and examples for every body."""
    document = get_openapi(
        title="Atelier", version=app.version, description=_DESCRIPTION, routes=app.routes, tags=_TAGS
    )
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _add_model(schemas, Problem.model_json_schema(ref_template=_REFERENCE), "Problem")
    schemas |= SCHEMAS
    for message_type in _OPENAI_REQUESTS:
        schema = contract.model(message_type).model_json_schema(ref_template=_REFERENCE)
        _add_model(schemas, _open(schema), message_type.DESCRIPTOR.name)
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                _finish(path, operation, schemas)
    return document


def _add_model(schemas: dict[str, Any], schema: dict[str, Any], name: str) -> None:
    schemas |= schema.pop("$defs", {})
    schemas[name] = schema


def _open(schema: dict[str, Any]) -> dict[str, Any]:
    """An OpenAI request: fields beyond the contract are passed on, and null stands for absent."""
    for ours in ("extra", "verbatim"):
        schema["properties"].pop(ours, None)
    parts: dict[str, Any] = schema.get("$defs", {})
    for nullable in (schema, parts.get("ChatMessage", {})):
        _let_be_null(nullable.get("properties", {}), nullable.get("required", []))
    for tolerant in (schema, parts.get("StreamOptions", {})):
        tolerant["additionalProperties"] = True
    return schema


def _let_be_null(properties: dict[str, Any], required: list[str]) -> None:
    for name, field in properties.items():
        nullable = {"type": "null"} in field.get("anyOf", [])
        if name not in required and not nullable and ("type" in field or "$ref" in field):
            properties[name] = {"anyOf": [field, {"type": "null"}]}


def _finish(path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    if path.startswith("/v1/"):
        responses.pop("422", None)
    elif path.startswith("/api/"):
        responses["422"] = problem_response(422)
        responses.setdefault("500", problem_response(500))
    if path.startswith(("/api/", "/v1/")):
        # Local mode asks for nothing; with tokens every request needs one.
        operation["security"] = [{}, {"bearer": []}]
    for parameter in operation.get("parameters", []):
        _never_null(parameter["schema"])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and "$ref" in body["schema"]:
        body["example"] = _example(schemas[body["schema"]["$ref"].rsplit("/", 1)[1]], schemas)


def _never_null(schema: dict[str, Any]) -> None:
    """In a header, path or query a field may be absent, but there is no way to write null."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        del schema["anyOf"]
        schema |= options[0]


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """An example out of the examples of the fields; required fields without one are built from theirs."""
    made: dict[str, Any] = {}
    for name, field in schema.get("properties", {}).items():
        options = [field, *field.get("anyOf", [])]
        examples = next((option["examples"] for option in options if option.get("examples")), None)
        if examples:
            made[name] = examples[0]
        elif name in schema.get("required", []) and "$ref" in field.get("items", {}):
            made[name] = [_example(schemas[field["items"]["$ref"].rsplit("/", 1)[1]], schemas)]
    return made


def main() -> None:
    """Print the document."""
    from gateway.app import create_app

    document = create_app().openapi()
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
