"""What Anthropic's errors mean: https://platform.claude.com/docs/en/api/errors."""

import re
from dataclasses import replace
from typing import Any

from services.chat.refusals import NOT_SUPPORTED, ErrorAnswer

# By their type, which is all there is in the middle of a stream.
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
# "prompt is too long: 208656 tokens > 200000 maximum"; "input length and `max_tokens` exceed context limit: …"
_TOO_LONG = re.compile(r"prompt is too long|exceeds? (?:the )?context")
# An account without credit, or at the limit its owner set, is told with status 400 like a fault of the request.
_UNPAID = re.compile(r"credit balance is too low|api usage limits")
# Some models refuse sampling, a begun answer or a forced tool: "`temperature` is deprecated for this model."
_BEYOND = re.compile(r"deprecated for this model|(?:does|do) not support|not supported")
# "messages.0.content: Input should be a valid string"; "max_tokens: 100000 > 64000, which is …"
_SUBJECT = re.compile(r"^`?([a-z][a-z_]*)(?:\.[\w-]+)*`?(?=: | is deprecated)")
_NO_MODEL = re.compile(r"^model: (\S+)$")
_OPENAI_NAME = {
    "system": "messages",
    "stop_sequences": "stop",
    "metadata": "user",
    "output_config": "response_format",
    "output_format": "response_format",
}
_SAME_NAME = frozenset(
    {"messages", "model", "max_tokens", "temperature", "top_p", "top_k", "tools", "tool_choice", "thinking"}
)


def in_openais_terms(error: ErrorAnswer) -> ErrorAnswer:
    """The same error with OpenAI's name of the field, and a status and code that `refusals` knows."""
    words = error.message.lower()
    if error.status == 404 and (missing := _NO_MODEL.match(error.message)):
        return replace(error, message=f"there is no {missing.group(1)!r}")
    # Too many bytes rather than tokens, but as with those the next endpoint may take more.
    if error.status == 413:
        return replace(error, status=400, code="context_length_exceeded")
    if error.status != 400:
        return error
    if _UNPAID.search(words):
        return replace(error, status=402)
    if _TOO_LONG.search(words):
        return replace(error, code="context_length_exceeded")
    subject = _SUBJECT.match(error.message)
    name = subject.group(1) if subject else ""
    param = _OPENAI_NAME.get(name, name if name in _SAME_NAME else "")
    return replace(error, param=param, code=NOT_SUPPORTED if _BEYOND.search(words) else error.code)


def error_chunk(told: dict[str, Any]) -> dict[str, Any]:
    """The error object of an event as OpenAI's, with the HTTP status as its `code`."""
    kind = str(told.get("type") or "api_error")
    error = in_openais_terms(ErrorAnswer(_STATUS.get(kind, 500), str(told.get("message") or kind)))
    return {"error": {"message": error.message, "type": kind, "param": error.param or None, "code": error.status}}
