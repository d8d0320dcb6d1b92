"""Prompt templates: kept, and filled."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Query
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from gateway import prompt_schemas as schemas
from gateway import templates
from gateway.catalog import prompts
from gateway.catalog.models import PromptRow, now
from gateway.routing import Cursor, Id, Limit, problems, router
from gateway.schemas import Page
from gateway.state import Caller, GatewayParts, Parts
from services.kit.failures import BadInput, NotFound
from services.kit.ids import new_ulid

routes = router("prompts")


@routes.get("/api/prompts", operation_id="list_prompts", summary="List prompt templates", responses=problems(422))
async def list_prompts(
    parts: GatewayParts,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    q: Annotated[str | None, Query(max_length=200, description="Text to look for.")] = None,
) -> Page[schemas.Prompt]:
    """Newest first."""
    async with parts.database.read() as session:
        part = await prompts.page(session, caller.owner_id, q, limit, cursor)
    return Page(items=[_shown(row) for row in part.rows], next_cursor=part.next_cursor)


@routes.post(
    "/api/prompts",
    operation_id="create_prompt",
    summary="Keep a prompt template",
    status_code=201,
    responses=problems(400, 413, 415, 422),
)
async def create_prompt(parts: GatewayParts, caller: Caller, body: schemas.PromptCreate) -> schemas.Prompt:
    """Its gaps are found in its text."""
    moment = now()
    row = PromptRow(id=new_ulid(), owner_id=caller.owner_id, created_at=moment, updated_at=moment, **body.model_dump())
    async with _writing(parts) as session:
        session.add(row)
    return _shown(row)


@routes.get(
    "/api/prompts/{prompt_id}", operation_id="get_prompt", summary="Get a prompt template", responses=problems(404)
)
async def get_prompt(parts: GatewayParts, caller: Caller, prompt_id: Id) -> schemas.Prompt:
    """One of the list."""
    async with parts.database.read() as session:
        return _shown(await _found(session, caller.owner_id, prompt_id))


@routes.patch(
    "/api/prompts/{prompt_id}",
    operation_id="update_prompt",
    summary="Change a prompt template",
    responses=problems(400, 404, 413, 415, 422),
)
async def update_prompt(
    parts: GatewayParts, caller: Caller, prompt_id: Id, body: schemas.PromptPatch
) -> schemas.Prompt:
    """Conversations that were begun with it stay as they are."""
    values = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        if value is None:
            raise BadInput.of(name, "must not be null")
    async with _writing(parts) as session:
        row = await _found(session, caller.owner_id, prompt_id)
        for name, value in {**values, "updated_at": now()}.items():
            setattr(row, name, value)
    return _shown(row)


@routes.delete(
    "/api/prompts/{prompt_id}",
    operation_id="delete_prompt",
    summary="Delete a prompt template",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def delete_prompt(parts: GatewayParts, caller: Caller, prompt_id: Id) -> Response:
    """For good."""
    async with parts.database.write() as session:
        await session.delete(await _found(session, caller.owner_id, prompt_id))
    return Response(status_code=204)


@routes.post(
    "/api/prompts/{prompt_id}/fill",
    operation_id="fill_prompt",
    summary="Fill a prompt template",
    responses=problems(400, 404, 413, 415, 422),
)
async def fill_prompt(
    parts: GatewayParts, caller: Caller, prompt_id: Id, body: schemas.PromptFill
) -> schemas.PromptText:
    """The text to ask, with every gap filled."""
    async with parts.database.read() as session:
        row = await _found(session, caller.owner_id, prompt_id)
    return schemas.PromptText(text=templates.fill(row.text, body.variables))


@asynccontextmanager
async def _writing(parts: Parts) -> AsyncGenerator[AsyncSession]:
    try:
        async with parts.database.write() as session:
            yield session
    except IntegrityError as error:
        raise BadInput.of("name", "you have a template of this name already") from error


async def _found(session: AsyncSession, owner_id: str, prompt_id: str) -> PromptRow:
    row = await prompts.get(session, owner_id, prompt_id)
    if row is None:
        raise NotFound(f"There is no prompt template {prompt_id}.")
    return row


def _shown(row: PromptRow) -> schemas.Prompt:
    variables = [schemas.Variable(name=name, default=default) for name, default in templates.gaps(row.text).items()]
    return schemas.Prompt(
        id=row.id,
        name=row.name,
        description=row.description,
        purpose=row.purpose,  # pyright: ignore[reportArgumentType]  # the column holds nothing else; pydantic checks
        text=row.text,
        variables=variables,
        tags=row.tags,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
