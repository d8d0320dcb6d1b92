"""Event streams over HTTP (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway import frames
from gateway.catalog import jobs
from gateway.catalog.models import TERMINAL, JobRow
from gateway.routing import event_stream
from gateway.state import Parts
from gateway.streams import Interest, Listener
from services.kit.journal import is_terminal

Opened = AbstractAsyncContextManager[AsyncIterator[bytes]]

_EXAMPLE = """id: 6
event: progress
data: {"job_id":"01K9ZC1Q5V8M3T7R2N4B6D0XYA","seq":6,"type":"progress","time":"2026-01-31T12:00:00.5Z",\
"kind":"diffusion.text_to_image","fraction":0.2,"stage":"sampling","message":"Step 4 of 20","step":4,"steps":20}

"""
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events; `id` is the sequence to resume after, `event` the type, `data` JSON.",
        "content": event_stream(_EXAMPLE),
    }
}
_NONE: list[frames.Frame] = []
_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """Frames from an opened source. What goes wrong while opening is still an ordinary error answer.

    The framework's own response for this does eight times the work per event.
    """

    def __init__(self, open_: Callable[["EventStream"], Opened]) -> None:
        """`open_` is given this response, to end it later or to add headers while it can."""
        self._open = open_
        self._life = asyncio.timeout(None)
        super().__init__(_nothing(), headers=_HEADERS, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        try:
            async with self._life, self._open(self) as source:
                self.body_iterator = source
                await super().__call__(scope, receive, send)
        except TimeoutError:
            if not self._life.expired():
                raise

    def cut(self) -> None:
        """End the stream at once, whatever it waits for."""
        self._life.reschedule(asyncio.get_running_loop().time())


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


@asynccontextmanager
async def job_stream(
    parts: Parts, row: JobRow, after: int | None, stream: EventStream
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """A job's events from its start or after a sequence, then live, up to its terminal event."""
    hub = parts.hub
    with hub.listening(row.owner_id) as listener:
        listener.on_lost = stream.cut
        interest = Interest(job_id=row.id)
        hub.add(listener, interest)
        start, missing = await _start(parts, after, row.id)
        past = hub.past(row.owner_id, interest, start)
        first = await anext(past, _NONE)
        over = None
        if not first:
            last = await parts.journal.last(row.id)
            async with parts.database.read() as session:
                row = await jobs.get(session, row.owner_id, row.id) or row
            if last is not None and is_terminal(last):
                # Everything was seen already.
                over = b""
            elif last is None and row.status in TERMINAL:
                over = frames.sse("gap", frames.gap(start, row.last_seq, row.id)) + frames.ending(row).sse
        yield _follow(parts, listener, past, first, start, missing, over, ends=True)


@asynccontextmanager
async def owner_stream(
    parts: Parts, owner_id: str, interest: Interest, after: int | None, stream: EventStream
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """The events of all of an owner's jobs, from now or after a sequence."""
    hub = parts.hub
    with hub.listening(owner_id) as listener:
        listener.on_lost = stream.cut
        hub.add(listener, interest)
        if after is None:
            yield _follow(parts, listener, _no_pages(), [], 0, b"", None, ends=False)
            return
        start, missing = await _start(parts, after, None)
        past = hub.past(owner_id, interest, start)
        yield _follow(parts, listener, past, await anext(past, _NONE), start, missing, None, ends=False)


async def _start(parts: Parts, after: int | None, job_id: str | None) -> tuple[int, bytes]:
    """Where to begin, and what to say first if the journal no longer keeps what is asked for."""
    if after is None:
        return 0, b""
    first_seq, last_seq = await parts.hub.bounds()
    if after > last_seq:
        # The journal was begun anew since; its sequences say nothing about what the client has seen.
        return 0, frames.sse("gap", frames.gap(after, first_seq, job_id))
    if after + 1 < first_seq:
        return after, frames.sse("gap", frames.gap(after, first_seq, job_id))
    return after, b""


async def _no_pages() -> AsyncIterator[list[frames.Frame]]:
    return
    yield []


async def _follow(
    parts: Parts,
    listener: Listener,
    past: AsyncIterator[list[frames.Frame]],
    page: list[frames.Frame] | None,
    seen: int,
    missing: bytes,
    over: bytes | None,
    *,
    ends: bool,
) -> AsyncIterator[bytes]:
    yield frames.OPENING + missing
    if over is not None:
        if over:
            yield over
        return
    while page:
        yield b"".join(item.sse for item in page)
        seen = page[-1].seq
        if ends and page[-1].terminal:
            return
        page = await anext(past, None)
    while not listener.over:
        items = [item for item in await listener.take(parts.settings.keep_alive_s) if item.seq > seen]
        if items:
            yield b"".join(item.sse for item in items)
            seen = items[-1].seq
            if ends and any(item.terminal for item in items):
                return
        elif not listener.over:
            yield frames.KEEP_ALIVE
