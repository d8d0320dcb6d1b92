"""One request to the messages API and its answer, as the endpoint carries them."""

from typing import Any

from services.chat.anthropic.errors import in_openais_terms
from services.chat.anthropic.events import Chunks
from services.chat.anthropic.request import message_body
from services.chat.refusals import NOT_SUPPORTED, ErrorAnswer, not_supported
from services.chat.translation import Route

_SAMPLING = ("temperature", "top_p", "top_k")


class Exchange:
    """A `Translation`."""

    path = "messages"

    def __init__(self, route: Route, body: dict[str, Any]) -> None:
        """Raises `BadInput`, with the code `not_supported` for what the messages API has no equal for."""
        if route != "chat/completions":
            hint = "Send it as a conversation, or name the model of another endpoint."
            raise not_supported("prompt", "Anthropic continues conversations only, not bare text", hint=hint)
        self.body = message_body(body)
        self._chunks = Chunks(str(body.get("model") or ""))

    def chunks(self, event: bytes) -> list[bytes]:
        """See `Translation`."""
        return self._chunks.of(event)

    def amend(self, error: ErrorAnswer) -> bool:
        """See `Translation`. Models since Claude Opus 4.7 refuse to be told how to choose their words."""
        told = in_openais_terms(error)
        if told.code != NOT_SUPPORTED or told.param not in _SAMPLING or told.param not in self.body:
            return False
        for name in _SAMPLING:
            self.body.pop(name, None)
        return True

    def refusal(self, error: ErrorAnswer) -> ErrorAnswer:
        """See `Translation`."""
        return in_openais_terms(error)
