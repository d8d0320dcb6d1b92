"""HTTP/1.1 on the wire: uvicorn's protocol, with a limit to what a head may hold and our errors for what is no HTTP."""

import asyncio
from http import HTTPStatus

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.limits import MAX_HEAD_BYTES, head_too_large
from gateway.problems import respond
from services.kit.failures import Failure

_LINGER_S = 2.0


class Protocol(HttpToolsProtocol):
    """One connection. Uvicorn itself would gather a head without end, at a cost that grows with its square."""

    _head_open = True
    _head_bytes = 0
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A client is there."""
        self.url = b""
        super().connection_made(transport)

    def on_message_begin(self) -> None:
        """The parser found the beginning of a request."""
        self._head_open = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The parser found the end of its head."""
        self._head_open = False
        self._head_bytes = 0
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        if self._refused:
            return
        super().data_received(data)
        if self._head_open and not self._refused:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(head_too_large())

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(Failure(msg, code="malformed"))

    def _refuse(self, failure: Failure) -> None:
        path = self.url.partition(b"?")[0][:1024].decode("latin-1")
        scope: Scope = {"type": "http", "path": path}
        response = respond(scope, failure, {"Connection": "close"})
        status = HTTPStatus(response.status_code)
        head = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        head += [name + b": " + value for name, value in response.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", bytes(response.body)]))
        self._refused = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        # Closed at once, with bytes of the client still unread, the answer might be lost on its way (RFC 9112, 9.6).
        self.loop.call_later(_LINGER_S, self.transport.close)
