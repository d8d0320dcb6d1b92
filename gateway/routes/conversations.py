"""Conversations: kept, searchable, branching."""

from typing import Annotated, Literal

from fastapi import Query
from sqlalchemy import delete
from starlette.responses import Response, StreamingResponse

from gateway import conversation_schemas as schemas
from gateway import export, questions, views
from gateway.answers import answer_stream, comparison_stream
from gateway.catalog import conversations, datasets
from gateway.catalog.conversations import ConversationAndCount
from gateway.catalog.models import ConversationRow
from gateway.routing import Cursor, Id, Limit, event_stream, problems, router
from gateway.schemas import Page
from gateway.sse import EventStream
from gateway.state import Asking, Caller, GatewayParts, Parts
from services.kit.failures import BadInput, Conflict, NotFound

routes = router("conversations")

_ANSWER = """event: delta
data: {"content":"Hello"}

event: delta
data: {"content":" there!"}

"""

_COMPARISON = """event: delta
data: {"message_id":"01K9ZC1Q5V8M3T7R2N4B6D0XYA","content":"Hello"}

"""


@routes.get(
    "/api/conversations", operation_id="list_conversations", summary="List conversations", responses=problems(422)
)
async def list_conversations(
    parts: GatewayParts,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    q: Annotated[str | None, Query(max_length=200, description="Text to look for in titles and messages.")] = None,
) -> Page[schemas.Conversation]:
    """The one with the latest message first."""
    async with parts.database.read() as session:
        part = await conversations.page(session, caller.owner_id, q, limit, cursor)
    items = [views.conversation(row, count) for row, count in part.rows]
    return Page(items=items, next_cursor=part.next_cursor)


@routes.post(
    "/api/conversations",
    operation_id="create_conversation",
    summary="Begin a conversation",
    status_code=201,
    responses=problems(400, 413, 415, 422),
)
async def create_conversation(
    parts: GatewayParts, caller: Caller, body: schemas.ConversationCreate
) -> schemas.Conversation:
    """Without a title it gets one from its first message."""
    row = questions.conversation(caller.owner_id, title=body.title, model=body.model, system_prompt=body.system_prompt)
    async with parts.database.write() as session:
        session.add(row)
    return views.conversation(row, 0)


@routes.get(
    "/api/conversations/{conversation_id}",
    operation_id="get_conversation",
    summary="Get a conversation",
    responses=problems(404),
)
async def get_conversation(parts: GatewayParts, caller: Caller, conversation_id: Id) -> schemas.ConversationDetail:
    """With all its messages."""
    async with parts.database.read() as session:
        row, count = _given(await conversations.get(session, caller.owner_id, conversation_id), conversation_id)
        messages = await conversations.messages(session, conversation_id)
    return schemas.ConversationDetail(
        **views.conversation(row, count).model_dump(), messages=[views.message(m) for m in messages]
    )


@routes.patch(
    "/api/conversations/{conversation_id}",
    operation_id="update_conversation",
    summary="Change a conversation",
    responses=problems(400, 404, 413, 415, 422),
)
async def update_conversation(
    parts: GatewayParts, caller: Caller, conversation_id: Id, body: schemas.ConversationPatch
) -> schemas.Conversation:
    """Title, model or system prompt."""
    async with parts.database.write() as session:
        _given(await conversations.get(session, caller.owner_id, conversation_id), conversation_id)
        await conversations.touch(session, conversation_id, **body.model_dump(exclude_unset=True))
    return await _shown(parts, caller.owner_id, conversation_id)


@routes.delete(
    "/api/conversations/{conversation_id}",
    operation_id="delete_conversation",
    summary="Delete a conversation",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def delete_conversation(parts: GatewayParts, caller: Caller, conversation_id: Id) -> Response:
    """With all its messages."""
    async with parts.database.write() as session:
        row, _ = _given(await conversations.get(session, caller.owner_id, conversation_id), conversation_id)
        await session.execute(delete(ConversationRow).where(ConversationRow.id == row.id))
    return Response(status_code=204)


@routes.post(
    "/api/conversations/{conversation_id}/messages",
    operation_id="create_message",
    summary="Ask the model",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `user`, `start`, `delta` …, then `done` or `error`.",
            "content": event_stream(_ANSWER),
        },
        **problems(400, 404, 413, 415, 422, 429),
    },
)
async def create_message(
    parts: GatewayParts, asker: Asking, conversation_id: Id, body: schemas.MessageCreate
) -> EventStream:
    """Streams the answer. Going away stops the model, and what was written is kept."""
    return EventStream(lambda stream: answer_stream(parts, asker, conversation_id, body, stream))


@routes.patch(
    "/api/conversations/{conversation_id}/messages/{message_id}",
    operation_id="rate_message",
    summary="Rate an answer",
    responses=problems(400, 404, 409, 413, 415, 422),
)
async def rate_message(
    parts: GatewayParts, caller: Caller, conversation_id: Id, message_id: Id, body: schemas.MessagePatch
) -> schemas.Message:
    """Answers rated good can be trained on; see `/api/chat/ratings`."""
    async with parts.database.write() as session:
        _given(await conversations.get(session, caller.owner_id, conversation_id), conversation_id)
        row = await conversations.message(session, conversation_id, message_id)
        if row is None:
            raise NotFound(f"There is no message {message_id} in this conversation.")
        if row.role != "assistant" or row.status == "streaming" or not row.content:
            raise Conflict("Only a model's answer can be rated, once it is written.")
        row.rating = body.rating
    return views.message(row)


@routes.get(
    "/api/conversations/{conversation_id}/export",
    operation_id="export_conversation",
    summary="Download a conversation",
    response_class=Response,
    responses={200: export.RESPONSE, **problems(404, 422)},
)
async def export_conversation(
    parts: GatewayParts,
    caller: Caller,
    conversation_id: Id,
    format: Annotated[Literal["markdown", "json"], Query(description="JSON has every branch.")] = "markdown",
    leaf: Annotated[
        str | None, Query(max_length=26, description="The last message of the branch; absent = the newest message.")
    ] = None,
) -> Response:
    """As a file: one branch to read, or everything for programs."""
    async with parts.database.read() as session:
        row, _ = _given(await conversations.get(session, caller.owner_id, conversation_id), conversation_id)
        rows = await conversations.messages(session, conversation_id)
    if leaf is not None and all(one.id != leaf for one in rows):
        raise BadInput.of("leaf", "is no message of this conversation")
    return export.as_json(row, rows) if format == "json" else export.as_markdown(row, rows, leaf)


@routes.post(
    "/api/chat/compare",
    operation_id="compare_models",
    summary="Ask several models at once",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `conversation`, `user`, a `start` for each model, then `delta` … and "
            "`done` or `error`, each with the id of its message.",
            "content": event_stream(_COMPARISON),
        },
        **problems(400, 404, 413, 415, 422),
    },
)
async def compare_models(parts: GatewayParts, asker: Asking, body: schemas.CompareCreate) -> EventStream:
    """Streams 2 to 4 answers side by side; they are kept as branches of one conversation."""
    return EventStream(lambda _: comparison_stream(parts, asker, body))


@routes.get("/api/chat/ratings", operation_id="get_ratings", summary="Rated answers", responses=problems())
async def get_ratings(parts: GatewayParts, caller: Caller) -> schemas.Ratings:
    """How many answers you rated, and how many make a dataset worth training on."""
    async with parts.database.read() as session:
        good, bad = await conversations.ratings(session, caller.owner_id)
        made = await datasets.of_ratings(session, caller.owner_id)
    dataset = made and schemas.RatingsDataset(
        id=made[0].id,
        name=made[0].name,
        version=made[1].number,
        good=made[1].source["good"],
        bad=made[1].source["bad"],
    )
    return schemas.Ratings(good=good, bad=bad, needed=export.ENOUGH, dataset=dataset)


@routes.get(
    "/api/chat/ratings/export",
    operation_id="export_ratings",
    summary="Download rated answers",
    response_class=Response,
    responses={200: export.RATINGS, **problems()},
)
async def export_ratings(parts: GatewayParts, caller: Caller) -> Response:
    """A text dataset: one JSON object a line, `messages` in OpenAI's form and `rating` 1 or -1."""
    async with parts.database.read() as session:
        rated = [export.example(*one) async for one in conversations.rated(session, caller.owner_id)]
    return export.ratings(rated)


async def _shown(parts: Parts, owner_id: str, conversation_id: str) -> schemas.Conversation:
    async with parts.database.read() as session:
        row, count = _given(await conversations.get(session, owner_id, conversation_id), conversation_id)
    return views.conversation(row, count)


def _given(found: ConversationAndCount | None, conversation_id: str) -> ConversationAndCount:
    if found is None:
        raise NotFound(f"There is no conversation {conversation_id}.")
    return found
