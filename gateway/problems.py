"""Errors as HTTP answers: RFC 9457 problems, and OpenAI's shape under `/v1`. Every failure is translated here, once."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from gateway.conversation_schemas import Attempt, MessageError
from gateway.rate_limit import RateLimited
from services.kit.failures import BadInput, Conflict, Failure, FieldFault, NotFound, Unavailable

PROBLEM_JSON = "application/problem+json"

# The one table from failure codes to HTTP statuses. Codes beyond it follow their failure's class, below.
STATUS: Mapping[str, int] = {
    "malformed": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "precondition_failed": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "range_not_satisfiable": 416,
    "bad_image": 422,
    "bad_input": 422,
    "rate_limited": 429,
    "head_too_large": 431,
    "failed": 500,
    "internal": 500,
    "unavailable": 503,
    "overloaded": 503,
    "timed_out": 504,
}
_OF_CLASS = ((BadInput, 422), (NotFound, 404), (Conflict, 409), (Unavailable, 503))
_CODE_OF_STATUS = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
# A client told to come again needs to hear when, even if the failure does not know.
_RETRY_AFTER_S = 2.0


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Path of the field, e.g. `loras.0.weight`.", examples=["steps"])
    message: str = Field(description="What is wrong with it.", examples=["Input should be less than or equal to 150"])


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="Kind of problem, as a URN.", examples=["urn:atelier:problem:not_found"])
    title: str = Field(description="The kind in words.", examples=["Not Found"])
    status: int = Field(description="HTTP status.", examples=[404])
    detail: str = Field(description="What happened.", examples=["There is no job 01K0000000000000000000000."])
    instance: str = Field(description="Path of the request.", examples=["/api/jobs/01K0000000000000000000000"])
    code: str = Field(description="Stable word for programs.", examples=["not_found"])
    hint: str | None = Field(None, description="What the reader can do about it.")
    trace_id: str = Field(description="Finds the request in logs and traces.")
    errors: list[FieldProblem] | None = Field(None, description="The fields at fault, with status 422 or 404.")
    retry_after_s: int | None = Field(None, description="As in `Retry-After`, also where a stream has begun.")
    attempts: list[Attempt] | None = Field(None, description="Endpoints that were asked, and why each could not.")


def status_of(failure: Failure) -> int:
    """The HTTP status of a failure."""
    if failure.code in STATUS:
        return STATUS[failure.code]
    for kind, status in _OF_CLASS:
        if isinstance(failure, kind):
            return status
    if failure.code.endswith("_not_found"):
        return 404
    if failure.fields:
        return 422
    return 503 if failure.retryable else 500


def problem_of(failure: Failure, *, instance: str, trace_id: str) -> Problem:
    """A failure as a problem."""
    status = status_of(failure)
    return Problem(
        type=f"urn:atelier:problem:{failure.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=failure.message,
        instance=instance,
        code=failure.code,
        hint=failure.hint or None,
        trace_id=trace_id,
        errors=[FieldProblem(field=f.field, message=f.message) for f in failure.fields] or None,
        retry_after_s=_wait_s(failure, status),
        attempts=attempts_of(failure) or None,
    )


def attempts_of(failure: Failure) -> list[Attempt]:
    """Who was asked before it failed."""
    return [Attempt(endpoint=a.endpoint, outcome=a.outcome, ms=a.ms, message=a.message) for a in failure.attempts]


def kept_error(failure: Failure) -> dict[str, Any]:
    """A failure as it is kept with the answer that did not come; see `MessageError`."""
    wait_s = _wait_s(failure, status_of(failure))
    return MessageError(
        code=failure.code,
        message=failure.message,
        hint=failure.hint,
        retry_at=None if wait_s is None else datetime.now(UTC) + timedelta(seconds=wait_s),
        attempts=attempts_of(failure),
    ).model_dump(mode="json")


def _wait_s(failure: Failure, status: int) -> int | None:
    if status not in (429, 503, 504):
        return None
    return max(1, round(failure.retry_after_s if failure.retry_after_s is not None else _RETRY_AFTER_S))


def openai_error(failure: Failure) -> dict[str, Any]:
    """A failure in the shape OpenAI's SDKs read."""
    status = openai_status(failure)
    if status in (401, 403):
        kind = "authentication_error"
    elif status == 429:
        kind = "rate_limit_error"
    else:
        kind = "invalid_request_error" if status < 500 else "server_error"
    message = failure.message if not failure.hint else f"{failure.message.rstrip('.')}. {failure.hint}"
    param = failure.fields[0].field if failure.fields else None
    return {"error": {"message": message, "type": kind, "param": param, "code": failure.code}}


def openai_status(failure: Failure) -> int:
    """As `status_of`, except that OpenAI answers bad fields with 400."""
    status = status_of(failure)
    return 400 if status == 422 else status


def respond(scope: Scope, failure: Failure, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for a failure, in the shape the request's path calls for."""
    path: str = scope.get("path", "")
    all_headers = dict(headers or {})
    if path == "/v1" or path.startswith("/v1/"):
        status, content, media_type = openai_status(failure), openai_error(failure), "application/json"
    else:
        problem = problem_of(failure, instance=path, trace_id=trace_id_of(scope))
        status, content, media_type = problem.status, problem.model_dump(exclude_none=True), PROBLEM_JSON
    wait_s = _wait_s(failure, status)
    if wait_s is not None:
        all_headers["Retry-After"] = str(wait_s)
    if status == 401:
        all_headers["WWW-Authenticate"] = "Bearer"
    # Field paths and messages may quote the request; what is not text any more is shown replaced.
    return Response(orjson.dumps(content), status, all_headers, media_type)


def trace_id_of(scope: Scope) -> str:
    """The trace the request belongs to; set by the telemetry middleware."""
    return scope.get("state", {}).get("trace_id", "")


def from_validation(errors: Iterable[Mapping[str, Any]]) -> Failure:
    """Pydantic's errors as one failure with a fault per field."""
    faults = tuple(FieldFault(_field(fault["loc"]), str(fault["msg"])) for fault in errors)
    return BadInput("; ".join(f"{f.field}: {f.message}" for f in faults[:5]), fields=faults)


def _field(location: Iterable[str | int]) -> str:
    parts = [str(part) for part in location]
    # FastAPI names the place first (body, query, header, path); the field alone says enough unless there is none.
    return ".".join(parts[1:]) or (parts[0] if parts else "body")


def from_http(error: HTTPException) -> Failure:
    """An error the framework raised as a failure."""
    code = _CODE_OF_STATUS.get(error.status_code, "failed" if error.status_code >= 500 else "bad_input")
    return Failure(str(error.detail), code=code)


async def _on_failure(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failure)
    return respond(request.scope, error, error.headers if isinstance(error, RateLimited) else None)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return respond(request.scope, from_validation(error.errors()))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    failure, headers = from_http(error), error.headers
    if error.status_code == 404:
        failure = NotFound(f"There is nothing at {request.url.path}.", hint="The API is described at /docs.")
    elif error.status_code == 405:
        allowed = ", ".join(_methods_at(request))
        failure = Failure(f"{request.method} is not allowed here, only {allowed}.", code="method_not_allowed")
        headers = {**(headers or {}), "Allow": allowed}
    return respond(request.scope, failure, headers)


def _methods_at(request: Request) -> list[str]:
    """All methods of an address. The framework names only those of the first route it finds there."""
    routes = [route for route in request.app.router.routes if isinstance(route, Route)]
    path = next((route.path for route in routes if route.matches(request.scope)[0] is not Match.NONE), None)
    return sorted({method for route in routes if route.path == path for method in route.methods or ()})


def install(app: FastAPI) -> None:
    """Make every error of the app one of these answers."""
    app.add_exception_handler(Failure, _on_failure)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
