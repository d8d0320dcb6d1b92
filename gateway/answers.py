"""A model's answer in a conversation: asked over the bus, streamed to the browser, kept whatever happens to either."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import orjson
import structlog
from sqlalchemy.exc import IntegrityError

from atelier.v1.chat_pb2 import ChatCompletionRequest, ChatMessage
from gateway import schemas, views
from gateway.catalog import conversations
from gateway.catalog.models import ConversationRow, MessageRow, now
from gateway.completions import Chunks
from gateway.frames import sse
from gateway.problems import problem_of
from gateway.sse import Cut
from gateway.state import Parts
from services.kit.failures import BadInput, Failure, NotFound
from services.kit.ids import new_ulid

log = structlog.get_logger(__name__)

# What was written so far is saved this often: a crash loses no more, and other copies see that the writer lives.
_SAVE_EVERY_S = 5.0
_TITLE_LENGTH = 60


@dataclass
class _Answer:
    """An answer while it is being written."""

    row: MessageRow
    started: float = field(default_factory=time.perf_counter)
    pieces: list[str] = field(default_factory=list[str])
    saved_at: float = field(default_factory=time.perf_counter)


@asynccontextmanager
async def answer_stream(
    parts: Parts,
    owner_id: str,
    conversation_id: str,
    ask: schemas.MessageCreate,
    traceparent: str,
    trace_id: str,
    cut: Cut,
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Store the question, ask the model, and yield the stream of frames: `user`, `start`, `delta` …, `done` or `error`.

    Raises `NotFound`, `BadInput` and `RateLimited` before anything is stored.
    """
    async with parts.database.read() as session:
        found = await conversations.get(session, owner_id, conversation_id)
        if found is None:
            raise NotFound(f"There is no conversation {conversation_id}.")
        conversation = found[0]
        rows = list(await conversations.messages(session, conversation_id))
    parent_id = _parent(rows, ask)
    question = _message(conversation, parent_id, "user", ask.content, "complete") if ask.content else None
    model = ask.model or conversation.model
    row = _message(conversation, question.id if question else parent_id, "assistant", "", "streaming", model)
    path = conversations.branch([*rows, *([question] if question else [])], row.parent_id)
    request = _request(conversation, path, ask, model)
    # Who asks the same again wants another answer.
    answer = await parts.completions.ask(request, owner_id, traceparent, fresh=question is None)
    try:
        async with parts.database.write() as session:
            session.add_all([one for one in (question, row) if one is not None])
            title = conversation.title or _title(ask.content or "")
            await conversations.touch(session, conversation_id, title=title)
    except IntegrityError:
        raise NotFound(f"There is no conversation {conversation_id}.") from None
    yield _frames(parts, question, _Answer(row), answer.chunks, trace_id)


async def _frames(
    parts: Parts,
    question: MessageRow | None,
    answer: _Answer,
    chunks: Chunks,
    trace_id: str,
) -> AsyncIterator[bytes]:
    if question is not None:
        yield sse("user", views.message(question).model_dump(mode="json"))
    yield sse("start", views.message(answer.row).model_dump(mode="json"))
    row = answer.row
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                text = "".join(_read(answer, orjson.loads(part)) for part in chunk.json)
                if text:
                    answer.pieces.append(text)
                    yield sse("delta", {"content": text})
                await _save_now_and_then(parts, answer)
        await _finish(parts, answer, status="complete")
        yield sse("done", views.message(row).model_dump(mode="json"))
    except Failure as failure:
        told = {"code": failure.code, "message": failure.message, "hint": failure.hint}
        await _finish(parts, answer, status="failed", error=told)
        instance = f"/api/conversations/{row.conversation_id}/messages"
        yield sse("error", problem_of(failure, instance=instance, trace_id=trace_id).model_dump(exclude_none=True))
    finally:
        if row.status == "streaming":
            # The browser went away or pressed stop. This task is being cancelled; the saving must not be.
            with anyio.CancelScope(shield=True):
                await _finish(parts, answer, status="stopped")


def _read(answer: _Answer, data: dict[str, Any]) -> str:
    """The text of one of OpenAI's chunks; notes model and usage on the way."""
    row = answer.row
    row.model = str(data.get("model") or row.model)[:256]
    if data.get("usage"):
        row.usage = data["usage"]
    return "".join(choice.get("delta", {}).get("content") or "" for choice in data.get("choices", []))


async def _save_now_and_then(parts: Parts, answer: _Answer) -> None:
    if time.perf_counter() - answer.saved_at < _SAVE_EVERY_S:
        return
    answer.saved_at = time.perf_counter()
    async with parts.database.write() as session:
        await conversations.update_message(session, answer.row.id, content=_text(answer))


async def _finish(parts: Parts, answer: _Answer, *, status: schemas.MessageStatus, error: Any = None) -> None:
    row = answer.row
    row.content, row.status, row.error = _text(answer), status, error
    row.latency_ms = round((time.perf_counter() - answer.started) * 1000, 1)
    async with parts.database.write() as session:
        await conversations.update_message(
            session,
            row.id,
            content=row.content,
            status=row.status,
            error=row.error,
            model=row.model,
            usage=row.usage,
            latency_ms=row.latency_ms,
        )
        await conversations.touch(session, row.conversation_id)


def _text(answer: _Answer) -> str:
    return "".join(answer.pieces).replace("\0", "\ufffd")


def _parent(rows: list[MessageRow], ask: schemas.MessageCreate) -> str | None:
    """The message the question follows, or the one to answer again."""
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


def _message(
    conversation: ConversationRow, parent_id: str | None, role: str, content: str | None, status: str, model: str = ""
) -> MessageRow:
    moment = now()
    return MessageRow(
        id=new_ulid(),
        owner_id=conversation.owner_id,
        conversation_id=conversation.id,
        parent_id=parent_id,
        role=role,
        content=content or "",
        model=model,
        status=status,
        usage=None,
        latency_ms=None,
        error=None,
        created_at=moment,
        updated_at=moment,
    )


def _title(content: str) -> str:
    line = " ".join(content.split())
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _request(
    conversation: ConversationRow, path: list[MessageRow], ask: schemas.MessageCreate, model: str
) -> ChatCompletionRequest:
    request = ChatCompletionRequest(model=model, stream=True)
    request.stream_options.include_usage = True
    if conversation.system_prompt:
        request.messages.append(_said("system", conversation.system_prompt))
    # An answer that failed before its first word says nothing to the model.
    request.messages.extend(_said(row.role, row.content) for row in path if row.content)
    for name in ("temperature", "top_p", "max_tokens", "seed"):
        value = getattr(ask, name)
        if value is not None:
            setattr(request, name, value)
    return request


def _said(role: str, content: str) -> ChatMessage:
    message = ChatMessage(role=role)
    message.content.string_value = content
    return message
