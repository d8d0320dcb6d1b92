"""What is said in conversations: questions, the answers to come, and what a model is told of them."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.struct_pb2 import Value

from atelier.v1.chat_pb2 import ChatCompletionRequest, ChatMessage
from gateway import attachments
from gateway import conversation_schemas as schemas
from gateway.catalog import conversations
from gateway.catalog.models import ConversationRow, MessageRow, now
from gateway.state import Parts
from services.kit.failures import BadInput, NotFound
from services.kit.ids import new_ulid

_TITLE_LENGTH = 60


async def opened(
    parts: Parts, owner_id: str, conversation_id: str, asset_ids: Sequence[str]
) -> tuple[ConversationRow, list[MessageRow], list[dict[str, Any]]]:
    """A conversation, its messages, and the attachments that shall go with the next one. Raises `NotFound`,
    `BadInput`."""
    async with parts.database.read() as session:
        found = await conversations.get(session, owner_id, conversation_id)
        if found is None:
            raise NotFound(f"There is no conversation {conversation_id}.")
        rows = list(await conversations.messages(session, conversation_id))
        return found[0], rows, await attachments.check(session, owner_id, asset_ids)


def parent_of(rows: Sequence[MessageRow], ask: schemas.MessageCreate) -> str | None:
    """The message the question follows, or the one to answer again."""
    if ask.content is None and ask.attachments:
        raise BadInput.of("attachments", "go with a question; `content` is missing")
    by_id = {row.id: row for row in rows}
    if ask.parent_id is not None:
        parent = by_id.get(ask.parent_id)
        if parent is None:
            raise BadInput.of("parent_id", "is no message of this conversation")
        if ask.content is None and parent.role != "user":
            raise BadInput.of("parent_id", "must be a message of the user when it is to be answered again")
        return parent.id
    if "parent_id" in ask.model_fields_set and ask.content is not None:
        return None
    if ask.content is None:
        raise BadInput.of("content", "is required unless `parent_id` names a message to answer again")
    return rows[-1].id if rows else None


def conversation(owner_id: str, *, title: str = "", model: str = "", system_prompt: str = "") -> ConversationRow:
    """A new one."""
    moment = now()
    return ConversationRow(
        id=new_ulid(),
        owner_id=owner_id,
        title=title,
        model=model,
        system_prompt=system_prompt,
        created_at=moment,
        updated_at=moment,
    )


def question(
    conversation: ConversationRow, parent_id: str | None, content: str, attachments: list[dict[str, Any]]
) -> MessageRow:
    """A message of the user."""
    return _message(conversation, parent_id, role="user", content=content, status="complete", attachments=attachments)


def answer(conversation: ConversationRow, parent_id: str | None, model: str) -> MessageRow:
    """A message of a model, nothing of it written yet."""
    return _message(conversation, parent_id, role="assistant", content="", status="streaming", model=model)


def _message(conversation: ConversationRow, parent_id: str | None, **fields: Any) -> MessageRow:
    moment = now()
    known: dict[str, Any] = {"model": "", "usage": None, "latency_ms": None, "answered_by": None, "attachments": []}
    return MessageRow(
        **{**known, **fields},
        id=new_ulid(),
        owner_id=conversation.owner_id,
        conversation_id=conversation.id,
        parent_id=parent_id,
        rating=None,
        error=None,
        created_at=moment,
        updated_at=moment,
    )


def title_of(content: str) -> str:
    """What a conversation is called that begins with this question."""
    line = " ".join(content.split())
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


async def request(
    parts: Parts,
    conversation: ConversationRow,
    rows: Sequence[MessageRow],
    last_id: str | None,
    ask: schemas.MessageCreate | schemas.CompareCreate,
) -> ChatCompletionRequest:
    """What a model is asked, without the model: everything that was said up to the message `last_id`."""
    path = conversations.branch(rows, last_id)
    async with parts.database.read() as session:
        files = await attachments.rows_of(session, conversation.owner_id, path)
    contents = await attachments.contents(parts.objects, path, files, parts.settings.max_image_pixels)
    asked = ChatCompletionRequest(stream=True)
    asked.stream_options.include_usage = True
    if conversation.system_prompt:
        asked.messages.append(_said("system", Value(string_value=conversation.system_prompt)))
    # An answer that failed before its first word says nothing to the model.
    asked.messages.extend(
        _said(row.role, contents.get(row.id) or Value(string_value=row.content)) for row in path if row.content
    )
    for name in ("temperature", "top_p", "max_tokens", "seed"):
        value = getattr(ask, name)
        if value is not None:
            setattr(asked, name, value)
    return asked


def _said(role: str, content: Value) -> ChatMessage:
    return ChatMessage(role=role, content=content)
