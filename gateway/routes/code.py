"""Code from a description: write it, change it, look at its versions, take it away."""

import asyncio
from contextlib import aclosing
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from atelier.v1 import chat_pb2
from gateway import code
from gateway import code_schemas as schemas
from gateway.catalog import code as catalog
from gateway.disconnect import while_there
from gateway.routing import Cursor, Id, Limit, event_stream, problems, router
from gateway.schemas import Listing, Page
from gateway.sse import EventStream
from gateway.state import Asker, Asking, Caller, GatewayParts, Parts, Trace
from services.kit.contract import contract

routes = router("code")

CodeRequest: type[BaseModel] = contract.model(chat_pb2.GenerateCodeRequest)
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Absent = the newest.")]

_STREAM = """event: file
data: {"index":0,"path":"src/Counter.tsx","language":"tsx"}

event: delta
data: {"index":0,"text":"export default function Counter() {\\n"}

"""
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The project; with `Accept: text/event-stream` server-sent events while it is written: "
        "`project`, `file`, `delta` …, `file_end`, then `done` with the project, or `error`.",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Code"}},
            **event_stream(_STREAM),
        },
    }
}


async def generate_code(parts: GatewayParts, asker: Asking, request: Request, body: BaseModel) -> Response:
    """A model writes the files; the answer says which one, and how long it took. Going away stops it."""
    asked = contract.message(body, chat_pb2.GenerateCodeRequest)
    assert isinstance(asked, chat_pb2.GenerateCodeRequest)
    headers = await parts.rate_limit.take(asker.owner_id)
    writing = await code.begin(parts, asker.owner_id, asked)
    return await _written(parts, asker, request, writing, headers)


generate_code.__annotations__["body"] = CodeRequest
routes.add_api_route(
    "/api/code/generate",
    generate_code,
    methods=["POST"],
    operation_id="generate_code",
    summary="Write code",
    response_class=Response,
    response_model=None,
    responses={**_WRITTEN, **problems(400, 404, 413, 415, 422, 429, 504)},
)


@routes.get("/api/code", operation_id="list_code", summary="List code projects", responses=problems(422))
async def list_code(
    parts: GatewayParts,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    q: Annotated[str | None, Query(max_length=200, description="Text to look for.")] = None,
) -> Page[schemas.CodeSummary]:
    """Newest first."""
    async with parts.database.read() as session:
        part = await catalog.page(session, caller.owner_id, q, limit, cursor)
    return Page(items=[code.summary(row) for row in part.rows], next_cursor=part.next_cursor)


@routes.get(
    "/api/code/options", operation_id="get_code_options", summary="What code can be written", responses=problems()
)
async def get_code_options(parts: GatewayParts, caller: Caller, trace: Trace) -> Listing[schemas.CodeFramework]:
    """The frameworks, and what each is for."""
    found: chat_pb2.CodeOptionsResponse = await parts.calls.unary(
        "chat.code_options", chat_pb2.CodeOptionsRequest(), owner=caller.owner_id, traceparent=trace
    )
    return Listing(items=[schemas.CodeFramework(**contract.to_json(one)) for one in found.frameworks])


@routes.get("/api/code/{code_id}", operation_id="get_code", summary="Get a code project", responses=problems(404, 422))
async def get_code(parts: GatewayParts, caller: Caller, code_id: Id, version: Version = None) -> schemas.Code:
    """With its files as they stood after a version."""
    return await code.view(parts, caller.owner_id, code_id, version)


@routes.delete(
    "/api/code/{code_id}",
    operation_id="delete_code",
    summary="Delete a code project",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def delete_code(parts: GatewayParts, caller: Caller, code_id: Id) -> Response:
    """With all its versions."""
    project, _ = await code.load(parts, caller.owner_id, code_id)
    async with parts.database.write() as session:
        await session.delete(project)
    return Response(status_code=204)


@routes.post(
    "/api/code/{code_id}/refine",
    operation_id="refine_code",
    summary="Change code",
    response_class=Response,
    response_model=None,
    responses={**_WRITTEN, **problems(400, 404, 413, 415, 422, 429, 504)},
)
async def refine_code(
    parts: GatewayParts, asker: Asking, request: Request, code_id: Id, body: schemas.CodeRefine
) -> Response:
    """By an instruction, or without one: written anew. Makes a new version; the others stay."""
    project, versions = await code.load(parts, asker.owner_id, code_id)
    writing = code.refining(project, code.chosen(versions, body.version), body)
    headers = await parts.rate_limit.take(asker.owner_id)
    return await _written(parts, asker, request, writing, headers)


@routes.get(
    "/api/code/{code_id}/diff",
    operation_id="diff_code",
    summary="What changed between two versions",
    responses=problems(404, 422),
)
async def diff_code(
    parts: GatewayParts,
    caller: Caller,
    code_id: Id,
    since: Annotated[int, Query(ge=0, le=2**31 - 1, description="0 = before the first version.")],
    until: Version = None,
) -> Listing[schemas.CodeChange]:
    """File by file, in unified form."""
    _, versions = await code.load(parts, caller.owner_id, code_id)
    before = code.chosen(versions, since) if since else None
    after = code.chosen(versions, until)
    found = await asyncio.to_thread(code.changes, before.files if before else [], after.files if after else [])
    return Listing(items=found)


@routes.get(
    "/api/code/{code_id}/download",
    operation_id="download_code",
    summary="Download code",
    response_class=Response,
    responses={
        200: {
            "description": "The files, zipped.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(404, 422),
    },
)
async def download_code(parts: GatewayParts, caller: Caller, code_id: Id, version: Version = None) -> Response:
    """As a zip."""
    project, versions = await code.load(parts, caller.owner_id, code_id)
    row = code.chosen(versions, version)
    made = await asyncio.to_thread(code.archive, row.files if row else [])
    disposition = f"attachment; filename=\"code.zip\"; filename*=UTF-8''{quote(project.name)}.zip"
    return Response(made, headers={"Content-Disposition": disposition}, media_type="application/zip")


async def _written(parts: Parts, asker: Asker, request: Request, writing: code.Writing, headers: Any) -> Response:
    if "text/event-stream" in request.headers.get("accept", ""):
        stream = EventStream(lambda _: code.event_stream(parts, asker, writing))
        stream.headers.update(headers)
        return stream
    shown = await while_there(request.receive, _whole(parts, asker, writing))
    if shown is None:
        # Nobody is there to read it.
        return Response(status_code=499)
    return JSONResponse(shown.model_dump(mode="json"), headers=headers)


async def _whole(parts: Parts, asker: Asker, writing: code.Writing) -> schemas.Code:
    async with aclosing(code.events(parts, asker, writing)) as events:
        async for _ in events:
            pass
    return await code.view(parts, asker.owner_id, writing.project.id, None)
