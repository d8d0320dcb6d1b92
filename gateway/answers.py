"""Models' answers in a conversation: asked over the bus, streamed to the browser, kept whatever happens to either."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import orjson
import structlog
from anyio.streams.memory import MemoryObjectSendStream
from google.protobuf.struct_pb2 import Value
from sqlalchemy.exc import IntegrityError

from atelier.v1.chat_pb2 import ChatCompletionRequest, ChatMessage
from gateway import attachments, views
from gateway import conversation_schemas as schemas
from gateway.catalog import conversations
from gateway.catalog.models import ConversationRow, MessageRow, now
from gateway.completions import Chunks
from gateway.frames import sse
from gateway.problems import kept_error, problem_of
from gateway.sse import Cut
from gateway.state import Parts
from services.kit.failures import BadInput, Failure, NotFound
from services.kit.ids import new_ulid
from services.kit.tasks import end

log = structlog.get_logger(__name__)

# What was written so far is saved this often: a crash loses no more, and other copies see that the writer lives.
_SAVE_EVERY_S = 5.0
_TITLE_LENGTH = 60
# Frames that wait for a slow browser before the model has to.
_AHEAD = 64
_TOLD = ("endpoint", "endpoint_id", "first_token_ms", "cached", "attempts")


@dataclass(frozen=True)
class Asker:
    """Who asks, and the request's place in its trace."""

    owner_id: str
    traceparent: str
    trace_id: str


@dataclass
class _Answer:
    """An answer while it is being written."""

    row: MessageRow
    ask: Callable[[], Awaitable[Chunks]]
    started: float = field(default_factory=time.perf_counter)
    pieces: list[str] = field(default_factory=list[str])
    saved_at: float = field(default_factory=time.perf_counter)


@asynccontextmanager
async def answer_stream(
    parts: Parts, asker: Asker, conversation_id: str, ask: schemas.MessageCreate, cut: Cut
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Store the question, ask the model, and yield the stream of frames: `user`, `start`, `delta` …, `done` or `error`.

    Raises `NotFound`, `BadInput` and `RateLimited` before anything is stored.
    """
    conversation, rows, kept = await _opened(parts, asker, conversation_id, ask.attachments)
    parent_id = _parent(rows, ask)
    question = _question(conversation, parent_id, ask.content, kept) if ask.content else None
    row = _answer(conversation, question.id if question else parent_id, ask.model or conversation.model)
    request = await _request(parts, conversation, [*rows, *([question] if question else [])], row, ask)
    # Who asks the same again wants another answer.
    found = await parts.completions.ask(request, asker.owner_id, asker.traceparent, fresh=question is None)

    async def chunks() -> Chunks:
        return found.chunks

    await _store(parts, conversation, question, [row])
    yield _frames(parts, asker, question, [_Answer(row, chunks)])


@asynccontextmanager
async def comparison_stream(
    parts: Parts, asker: Asker, ask: schemas.CompareCreate, cut: Cut
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """One question, answered by several models at once: their answers stand side by side under it. Frames: first
    `conversation`, then as in `answer_stream`, each naming its message.

    Raises `NotFound` and `BadInput` before anything is stored; what goes wrong with one model is told as its answer.
    """
    if ask.conversation_id is None:
        conversation, rows = _conversation(asker.owner_id, ask.system_prompt), list[MessageRow]()
        async with parts.database.read() as session:
            kept = await attachments.check(session, asker.owner_id, ask.attachments)
    else:
        conversation, rows, kept = await _opened(parts, asker, ask.conversation_id, ask.attachments)
    question = _question(conversation, rows[-1].id if rows else None, ask.content, kept)
    answers = list[_Answer]()
    for model in ask.models:
        row = _answer(conversation, question.id, model)
        request = await _request(parts, conversation, [*rows, question], row, ask)

        async def chunks(request: ChatCompletionRequest = request) -> Chunks:
            return (await parts.completions.ask(request, asker.owner_id, asker.traceparent)).chunks

        answers.append(_Answer(row, chunks))
    await _store(parts, conversation, question, [one.row for one in answers], new=ask.conversation_id is None)
    shown = views.conversation(conversation, len(rows) + 1 + len(answers)).model_dump(mode="json")
    yield _after(sse("conversation", shown), _frames(parts, asker, question, answers))


async def _after(first: bytes, frames: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(frames):
        yield first
        async for frame in frames:
            yield frame


async def _opened(
    parts: Parts, asker: Asker, conversation_id: str, asset_ids: Sequence[str]
) -> tuple[ConversationRow, list[MessageRow], list[dict[str, Any]]]:
    """A conversation, its messages, and the attachments that shall go with the next one."""
    async with parts.database.read() as session:
        found = await conversations.get(session, asker.owner_id, conversation_id)
        if found is None:
            raise NotFound(f"There is no conversation {conversation_id}.")
        rows = list(await conversations.messages(session, conversation_id))
        return found[0], rows, await attachments.check(session, asker.owner_id, asset_ids)


async def _store(
    parts: Parts,
    conversation: ConversationRow,
    question: MessageRow | None,
    answers: Sequence[MessageRow],
    *,
    new: bool = False,
) -> None:
    conversation.title = conversation.title or _title(question.content if question else "")
    try:
        async with parts.database.write() as session:
            if new:
                session.add(conversation)
                await session.flush()
            session.add_all([*([question] if question else []), *answers])
            await conversations.touch(session, conversation.id, title=conversation.title)
    except IntegrityError:
        # It was deleted meanwhile.
        raise NotFound(f"There is no conversation {conversation.id}.") from None


async def _frames(
    parts: Parts, asker: Asker, question: MessageRow | None, answers: Sequence[_Answer]
) -> AsyncGenerator[bytes, None]:
    if question is not None:
        yield sse("user", views.message(question).model_dump(mode="json"))
    for answer in answers:
        yield sse("start", views.message(answer.row).model_dump(mode="json"))
    send, receive = anyio.create_memory_object_stream[bytes](_AHEAD)

    async def write(answer: _Answer, mine: MemoryObjectSendStream[bytes]) -> None:
        async with mine:
            await _write(parts, asker, answer, mine.send)

    # The stream of frames ends when the last of the clones is closed.
    writing = [asyncio.create_task(write(answer, send.clone()), name="answer") for answer in answers]
    send.close()
    try:
        async with receive:
            async for frame in receive:
                yield frame
        for task in writing:
            await task
    finally:
        # The browser went away or pressed stop. This task may be being cancelled; the saving must not be.
        with anyio.CancelScope(shield=True):
            await end(*writing)


async def _write(parts: Parts, asker: Asker, answer: _Answer, tell: Callable[[bytes], Awaitable[None]]) -> None:
    row = answer.row
    try:
        async with aclosing(await answer.ask()) as chunks:
            async for chunk in chunks:
                text = "".join(_read(answer, orjson.loads(part)) for part in chunk.json)
                if text:
                    answer.pieces.append(text)
                    await tell(sse("delta", {"message_id": row.id, "content": text}))
                await _save_now_and_then(parts, answer)
        await _finish(parts, answer, status="complete")
        await tell(sse("done", views.message(row).model_dump(mode="json")))
    except Failure as failure:
        await _finish(parts, answer, status="failed", error=kept_error(failure))
        instance = f"/api/conversations/{row.conversation_id}/messages"
        problem = problem_of(failure, instance=instance, trace_id=asker.trace_id).model_dump(exclude_none=True)
        await tell(sse("error", {**problem, "message_id": row.id}))
    finally:
        if row.status == "streaming":
            with anyio.CancelScope(shield=True):
                await _finish(parts, answer, status="stopped")


def _read(answer: _Answer, data: dict[str, Any]) -> str:
    """The text of one of OpenAI's chunks; notes model, usage and who answers on the way."""
    row = answer.row
    row.model = str(data.get("model") or row.model)[:256]
    if data.get("usage"):
        row.usage = data["usage"]
    if "atelier" in data:
        row.answered_by = {name: data["atelier"][name] for name in _TOLD if name in data["atelier"]}
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
            answered_by=row.answered_by,
            latency_ms=row.latency_ms,
        )
        await conversations.touch(session, row.conversation_id)


def _text(answer: _Answer) -> str:
    return "".join(answer.pieces).replace("\0", "\ufffd")


def _parent(rows: list[MessageRow], ask: schemas.MessageCreate) -> str | None:
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


def _conversation(owner_id: str, system_prompt: str) -> ConversationRow:
    moment = now()
    return ConversationRow(
        id=new_ulid(),
        owner_id=owner_id,
        title="",
        model="",
        system_prompt=system_prompt,
        created_at=moment,
        updated_at=moment,
    )


def _question(
    conversation: ConversationRow, parent_id: str | None, content: str, kept: list[dict[str, Any]]
) -> MessageRow:
    return _message(conversation, parent_id, role="user", content=content, status="complete", attachments=kept)


def _answer(conversation: ConversationRow, parent_id: str | None, model: str) -> MessageRow:
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


def _title(content: str) -> str:
    line = " ".join(content.split())
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


async def _request(
    parts: Parts,
    conversation: ConversationRow,
    rows: Sequence[MessageRow],
    answer: MessageRow,
    ask: schemas.MessageCreate | schemas.CompareCreate,
) -> ChatCompletionRequest:
    """What the model is asked: everything that was said on the way to `answer`."""
    path = conversations.branch(rows, answer.parent_id)
    async with parts.database.read() as session:
        files = await attachments.rows_of(session, conversation.owner_id, path)
    contents = await attachments.contents(parts.objects, path, files, parts.settings.max_image_pixels)
    request = ChatCompletionRequest(model=answer.model, stream=True)
    request.stream_options.include_usage = True
    if conversation.system_prompt:
        request.messages.append(_said("system", Value(string_value=conversation.system_prompt)))
    # An answer that failed before its first word says nothing to the model.
    request.messages.extend(
        _said(row.role, contents.get(row.id) or Value(string_value=row.content)) for row in path if row.content
    )
    for name in ("temperature", "top_p", "max_tokens", "seed"):
        value = getattr(ask, name)
        if value is not None:
            setattr(request, name, value)
    return request


def _said(role: str, content: Value) -> ChatMessage:
    return ChatMessage(role=role, content=content)
