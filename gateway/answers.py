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
from sqlalchemy.exc import IntegrityError

from atelier.v1.chat_pb2 import ChatCompletionRequest
from gateway import attachments, completions, questions, views
from gateway import conversation_schemas as schemas
from gateway.catalog import conversations
from gateway.catalog.models import ConversationRow, MessageRow
from gateway.frames import sse
from gateway.problems import kept_error, problem_of
from gateway.sse import EventStream
from gateway.state import Asker, Parts
from services.kit.failures import Failure, NotFound
from services.kit.tasks import end

log = structlog.get_logger(__name__)

# What was written so far is saved this often: a crash loses no more, and other copies see that the writer lives.
_SAVE_EVERY_S = 5.0
# Frames that wait for a slow browser before the model has to.
_AHEAD = 64


@dataclass
class _Answer:
    """An answer while it is being written."""

    row: MessageRow
    request: ChatCompletionRequest
    asked: completions.Answer | None = None
    started: float = field(default_factory=time.perf_counter)
    pieces: list[str] = field(default_factory=list[str])
    saved_at: float = field(default_factory=time.perf_counter)


@asynccontextmanager
async def answer_stream(
    parts: Parts, asker: Asker, conversation_id: str, ask: schemas.MessageCreate, stream: EventStream
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Store the question, ask the model, and yield the stream of frames: `user`, `start`, `delta` …, `done` or `error`.

    Raises `NotFound`, `BadInput` and `RateLimited` before anything is stored.
    """
    conversation, rows, kept = await questions.opened(parts, asker.owner_id, conversation_id, ask.attachments)
    parent_id = questions.parent_of(rows, ask)
    question = questions.question(conversation, parent_id, ask.content, kept) if ask.content else None
    row = questions.answer(conversation, question.id if question else parent_id, ask.model or conversation.model)
    said = [*rows, *([question] if question else [])]
    request = _to(row.model, await questions.request(parts, conversation, said, row.parent_id, ask))
    # Who asks the same again wants another answer.
    asked = await parts.completions.ask(request, asker.owner_id, asker.traceparent, fresh=question is None)
    stream.headers.update(asked.headers)
    await _store(parts, conversation, question, [row])
    yield _frames(parts, asker, question, [_Answer(row, request, asked)])


@asynccontextmanager
async def comparison_stream(
    parts: Parts, asker: Asker, ask: schemas.CompareCreate
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """One question, answered by several models at once: their answers stand side by side under it. Frames: first
    `conversation`, then as in `answer_stream`, each naming its message.

    Raises `NotFound` and `BadInput` before anything is stored; what goes wrong with one model is told as its answer.
    """
    if ask.conversation_id is None:
        conversation = questions.conversation(asker.owner_id, system_prompt=ask.system_prompt)
        rows = list[MessageRow]()
        async with parts.database.read() as session:
            kept = await attachments.check(session, asker.owner_id, ask.attachments)
    else:
        conversation, rows, kept = await questions.opened(parts, asker.owner_id, ask.conversation_id, ask.attachments)
    question = questions.question(conversation, rows[-1].id if rows else None, ask.content, kept)
    request = await questions.request(parts, conversation, [*rows, question], question.id, ask)
    answers = [_Answer(questions.answer(conversation, question.id, model), _to(model, request)) for model in ask.models]
    await _store(parts, conversation, question, [one.row for one in answers], new=ask.conversation_id is None)
    shown = views.conversation(conversation, len(rows) + 1 + len(answers)).model_dump(mode="json")
    yield _after(sse("conversation", shown), _frames(parts, asker, question, answers))


def _to(model: str, request: ChatCompletionRequest) -> ChatCompletionRequest:
    asked = ChatCompletionRequest()
    asked.CopyFrom(request)
    asked.model = model
    return asked


async def _after(first: bytes, frames: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(frames):
        yield first
        async for frame in frames:
            yield frame


async def _store(
    parts: Parts,
    conversation: ConversationRow,
    question: MessageRow | None,
    answers: Sequence[MessageRow],
    *,
    new: bool = False,
) -> None:
    conversation.title = conversation.title or questions.title_of(question.content if question else "")
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
        asked = answer.asked or await parts.completions.ask(answer.request, asker.owner_id, asker.traceparent)
        async with aclosing(asked.chunks) as chunks:
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
        row.answered_by = views.answered_by(data["atelier"])
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
