"""The seam for an endpoint that does not speak OpenAI's API: its own terms out, OpenAI's terms in.

The line is cut at plain values, so that a translation is tested without any HTTP, and everything behind it (first
content, finish, usage, fallback, accumulation) sees the same chunk objects from every kind of endpoint.
"""

from typing import Any, Literal, Protocol

from services.chat.refusals import ErrorAnswer

Route = Literal["chat/completions", "completions"]

# What ends a stream of OpenAI's chunk objects.
DONE = b"[DONE]"


class Translation(Protocol):
    """One request to another API; made for it and used once."""

    path: str
    """Where the request goes, below the endpoint's address."""
    body: dict[str, Any]
    """What is sent there."""

    def chunks(self, event: bytes) -> list[bytes]:
        """What the data of one server-sent event is in OpenAI's terms: no, one or more chunk objects.

        `DONE` follows the last chunk. An error inside the stream becomes OpenAI's error object with the HTTP status it
        would have had as its `code`. What is no event of this API is such an error too. Never raises.
        """
        ...

    def amend(self, error: ErrorAnswer) -> bool:
        """Leave out of `body` what was refused, if it can be done without; False = there is nothing to leave out.

        The request is then sent again. Each time something goes, so it ends.
        """
        ...

    def refusal(self, error: ErrorAnswer) -> ErrorAnswer:
        """An error answer with OpenAI's name of the field, and a status and code that `as_failure` knows."""
        ...


class Translate(Protocol):
    """Makes the translation of one request."""

    def __call__(self, route: Route, body: dict[str, Any]) -> Translation:
        """`body` is what an OpenAI-compatible server would get at `route`.

        Raises `BadInput` for what is wrong with it; with the code `not_supported` for what is right, but beyond this
        API, so that the next endpoint is asked.
        """
        ...
