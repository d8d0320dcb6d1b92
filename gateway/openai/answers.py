"""The answer of a completion call: passed on as it comes, ended when the client goes."""

from collections.abc import AsyncGenerator, Mapping

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from atelier.v1.chat_pb2 import CompletionChunk
from gateway.disconnect import while_there
from gateway.problems import openai_error
from services.kit.failures import Failure, Unavailable

log = structlog.get_logger(__name__)

_DONE = b"data: [DONE]\n\n"
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class CompletionResponse(Response):
    """Asks as soon as it is sent. A failure before the first byte is an ordinary error answer, later a last frame.

    A client that goes away cancels the call, and with it the engine's work, also while the first token is awaited.
    """

    def __init__(
        self, chunks: AsyncGenerator[CompletionChunk, None], *, stream: bool, headers: Mapping[str, str]
    ) -> None:
        """`chunks` from the bus; `stream` as the request has it; `headers` besides its own."""
        self._chunks = chunks
        self._stream = stream
        media_type = "text/event-stream" if stream else "application/json"
        super().__init__(media_type=media_type, headers={**_HEADERS, **headers})
        # Known only once the answer is complete, if at all.
        self.raw_headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        try:
            await while_there(receive, self._send_stream(send) if self._stream else self._send_whole(send))
        finally:
            await self._chunks.aclose()

    async def _next(self) -> CompletionChunk:
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            raise Unavailable("The chat service ended its answer without one.") from None

    async def _send_whole(self, send: Send) -> None:
        chunk = await self._next()
        # Empty as long as the answer is being written: a sign that it has begun.
        while not chunk.json:
            chunk = await self._next()
        body = chunk.json[0]
        headers = [*self.raw_headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _send_stream(self, send: Send) -> None:
        chunk = await self._next()
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": _framed(chunk), "more_body": True})
        try:
            async for chunk in self._chunks:
                await send({"type": "http.response.body", "body": _framed(chunk), "more_body": True})
            last = _DONE
        except Failure as failure:
            log.warning("completion_broke_off", code=failure.code, error=failure.message)
            last = b"data: " + orjson.dumps(openai_error(failure)) + b"\n\n"
        await send({"type": "http.response.body", "body": last, "more_body": False})


def _framed(chunk: CompletionChunk) -> bytes:
    if len(chunk.json) == 1:
        return b"data: " + chunk.json[0] + b"\n\n"
    return b"".join(b"data: " + part + b"\n\n" for part in chunk.json)
