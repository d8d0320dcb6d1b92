"""How large a request may be. The limit of a body holds for what really arrives, whatever Content-Length claims."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import respond
from services.kit.failures import Failure

MAX_HEAD_BYTES = 64 * 1024
UPLOAD_PATHS = frozenset({"/api/assets/upload", "/api/assets/inspect"})
MODEL_PATHS = frozenset({"/api/models/upload"})


class BodyLimit:
    """Counts the body as it comes in and fails the read that goes over, so that nothing larger is ever held."""

    def __init__(self, app: ASGIApp, *, max_json_bytes: int, max_upload_bytes: int, max_model_bytes: int) -> None:
        """Wrap `app`; uploads have a limit of their own, and so have models."""
        self._app = app
        self._json = max_json_bytes
        self._of_path = dict.fromkeys(UPLOAD_PATHS, max_upload_bytes) | dict.fromkeys(MODEL_PATHS, max_model_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] == "http" and sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEAD_BYTES:
            await respond(scope, head_too_large())(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        limit = self._of_path.get(scope["path"], self._json)
        declared = _content_length(scope)
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            if declared is not None and declared > limit:
                raise too_large(limit)
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit:
                    raise too_large(limit)
            return message

        await self._app(scope, limited, send)


def head_too_large() -> Failure:
    """The failure for header fields that are too long together."""
    return Failure(f"The request's header fields are longer than {MAX_HEAD_BYTES:,} bytes.", code="head_too_large")


def too_large(limit: int) -> Failure:
    """The failure for a body over `limit` bytes."""
    return Failure(
        f"The request is larger than {limit:,} bytes.",
        code="too_large",
        hint="Upload files with /api/assets/upload and refer to them by id.",
    )


def _content_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None
