"""Routes that read JSON strictly and declare their errors."""

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, cast

import orjson
from fastapi import APIRouter, Header, Path, Query
from fastapi.routing import APIRoute
from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import Response

from gateway.problems import PROBLEM_JSON
from services.kit.failures import BadInput, Failure, NotFound

_JSON_TYPES = ("application/json", "+json")

Limit = Annotated[int, Query(ge=1, le=200, description="Most items to return.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the part before.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A key of your choice; the same request with the same key gives what it gave first.",
    ),
]
Id = Annotated[str, Path(description="ULID.", examples=["01K9ZC1Q5V8M3T7R2N4B6D0XYA"])]

RETRY_AFTER = {
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}, "required": True}
}
_EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "id": {"type": "string", "description": "What to resume after."},
        "event": {"type": "string", "description": "Its type."},
        "data": {"type": "string", "description": "JSON."},
        "retry": {"type": "integer", "minimum": 0},
    },
}
_TITLES = {
    400: "The body is not what it claims to be.",
    401: "No valid bearer token.",
    403: "Not from there.",
    404: "There is no such thing, or it is not yours.",
    409: "Not in its present state.",
    412: "The content is another one now.",
    413: "The body is too large.",
    415: "The media type is not taken here.",
    416: "The range lies outside the content.",
    422: "A field is at fault; `errors` names it.",
    429: "Too many requests; come again after `Retry-After`.",
    500: "Something unforeseen went wrong.",
    502: "A service answered with an error.",
    503: "Something the gateway needs is away; come again after `Retry-After`.",
    504: "No answer came in time; come again after `Retry-After`.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    return {status: problem_response(status) for status in (*statuses, 401, 403, 503)}


def problem_response(status: int) -> dict[str, Any]:
    """One declared problem."""
    response: dict[str, Any] = {
        "description": _TITLES[status],
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503, 504):
        response["headers"] = RETRY_AFTER
    return response


def event_stream(example: str) -> dict[str, Any]:
    """The content of a response that is server-sent events; the schema is that of one event (OpenAPI 3.2)."""
    return {"text/event-stream": {"itemSchema": _EVENT, "example": example}}


class StrictRoute(APIRoute):
    """Takes JSON as RFC 8259 has it and says exactly what is wrong with anything else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler behind our own reading of the request."""
        handle = super().get_route_handler()
        reads_json = self.body_field is not None

        async def strict(request: Request) -> Response:
            refuse_nul(request)
            if reads_json:
                await read_json(request)
            return await handle(request)

        return strict


def refuse_nul(request: Request) -> None:
    """NUL is a character to HTTP and JSON, but no database takes it."""
    if "\0" in request.scope["path"]:
        raise NotFound(f"There is nothing at {request.scope['path']!r}.")
    if b"%00" in request.scope["query_string"]:
        for name, value in request.query_params.multi_items():
            if "\0" in value or "\0" in name:
                raise BadInput.of(name.replace("\0", "\ufffd"), "must not hold the character NUL")


async def read_json(request: Request) -> Any:
    """The request's JSON body, read once; raises the failures for everything that is no JSON."""
    body = await request.body()
    if not body:
        return None
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not content_type.endswith(_JSON_TYPES):
        raise Failure(
            f"The body must be JSON, not {content_type or 'of no type'}.",
            code="unsupported_media_type",
            hint="Send it with `Content-Type: application/json`.",
        )
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Failure(f"The body is not valid JSON: {error}.", code="malformed") from None
    if b"\\u0000" in body and (path := _nul_path(data)) is not None:
        raise BadInput.of(path or "body", "must not hold the character NUL")
    # FastAPI asks the request for its JSON next; it gets what was read here.
    request._json = data  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage]
    return data


def _nul_path(data: Any, path: str = "") -> str | None:
    """Where a NUL is; None if nowhere."""
    if isinstance(data, str):
        return path if "\0" in data else None
    if isinstance(data, dict):
        for key, value in cast(dict[str, Any], data).items():
            if "\0" in key:
                return path
            found = _nul_path(value, f"{path}.{key}".lstrip("."))
            if found is not None:
                return found
    elif isinstance(data, list):
        for index, value in enumerate(cast(list[Any], data)):
            found = _nul_path(value, f"{path}.{index}".lstrip("."))
            if found is not None:
                return found
    return None


def router(tag: str) -> APIRouter:
    """A router of strict routes under one tag."""
    return APIRouter(tags=[tag], route_class=StrictRoute)


def written_out(pattern: str, what: str) -> BeforeValidator:
    """For dates and times in addresses: pydantic also reads a number as seconds since 1970."""
    form = re.compile(pattern, re.DOTALL)

    def check(value: object) -> object:
        if isinstance(value, str) and not form.fullmatch(value):
            raise ValueError(f"must be {what}")
        return value

    return BeforeValidator(check)
