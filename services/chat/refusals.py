"""What an endpoint's error answer means, as a failure with the field named."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from services.kit.failures import BadInput, Failure, FieldFault, ModelNotFound, Overloaded, Unavailable

NOT_SUPPORTED = "not_supported"

_RETRY_S = 2.0
_MESSAGE_LIMIT = 2000

# Which field a 400 is about, where the server does not say: the message's words, first match wins.
_FIELD_BY_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"tool_choice|tool choice|tool-choice"), "tool_choice"),
    (re.compile(r"\btools?\b"), "tools"),
    (re.compile(r"response_format|json[_ ]schema|structured|grammar|regex"), "response_format"),
    (re.compile(r"chat template|\brole\b|\bmessages?\b|conversation|multimodal"), "messages"),
    (re.compile(r"top_logprobs|logprobs"), "logprobs"),
    (re.compile(r"\bstop\b"), "stop"),
    (re.compile(r"temperature"), "temperature"),
    (re.compile(r"top_p"), "top_p"),
    (re.compile(r"\bseed\b"), "seed"),
)
_TOO_LONG = re.compile(
    r"context[ _]length|maximum context|max_model_len|context window|too many tokens|longer than the maximum"
)
# "min_p must be in [0, 1], got 7.0."
_SUBJECT = re.compile(r"^`?([a-z][a-z_]*)`?(?:=\S+)? (?:must|cannot|should)\b")
# The first of pydantic's complaints as vLLM writes them: {'loc': 'body.stop', 'msg': 'Input should be a list', …
_COMPLAINT = re.compile(r"'loc': '(?:body\.)?([^']+)', 'msg': (?:'([^']*)'|\"([^\"]*)\")")
# What servers call the prompt in messages about its length; no request has a field of that name.
_PROMPT_NAMES = frozenset({"", "input_tokens", "input_text", "input"})


@dataclass(frozen=True)
class ErrorAnswer:
    """An error as an OpenAI-compatible server tells it."""

    status: int
    message: str
    param: str = ""
    code: str = ""


def read_error(status: int, body: bytes) -> ErrorAnswer:
    """Whatever shape the server uses: OpenAI's, FastAPI's `detail`, or plain text."""
    try:
        data: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ErrorAnswer(status, body[:_MESSAGE_LIMIT].decode(errors="replace").strip() or f"HTTP {status}")
    error = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(error, str):
        return ErrorAnswer(status, error[:_MESSAGE_LIMIT])
    if not isinstance(error, dict):
        return ErrorAnswer(status, str(error)[:_MESSAGE_LIMIT])
    message = error.get("message") or error.get("detail") or str(error)
    told = error.get("code")
    # In the middle of a stream the HTTP status is long gone; some servers put it into `code`.
    if isinstance(told, int) and 400 <= told < 600:
        status = told
    return ErrorAnswer(
        status,
        (message if isinstance(message, str) else str(message))[:_MESSAGE_LIMIT],
        param=str(error.get("param") or ""),
        code=str(told or ""),
    )


def as_failure(
    error: ErrorAnswer, *, endpoint: str, prompt: str, retry_after: str | None = None, keyed: bool = True
) -> Failure:
    """The failure for an endpoint's error.

    `prompt` is the field that holds the prompt ("messages", "prompt" or "input"), `retry_after` that header;
    `keyed` tells whether an API key was sent.
    """
    wait = float(retry_after) if retry_after and retry_after.replace(".", "", 1).isdigit() else _RETRY_S
    if error.status in (401, 403) and not keyed:
        return Failure(
            f"{endpoint} wants an API key: {error.message}",
            code="endpoint_refused",
            hint="Add a key: under Models, at this endpoint, Edit.",
        )
    if error.status in (401, 403):
        return Failure(
            f"{endpoint} refused the API key: {error.message}",
            code="endpoint_refused",
            hint="Check the key of this endpoint.",
        )
    if error.status == 402:
        return Failure(
            f"{endpoint} wants to be paid: {error.message}",
            code="endpoint_refused",
            hint="Look at the credit and the spending limit of its account.",
        )
    if error.status == 404:
        return ModelNotFound.told(error.message)
    # 529 is Anthropic's word for it.
    if error.status in (429, 503, 529):
        return Overloaded(f"{endpoint} is at its capacity: {error.message}", retry_after_s=wait)
    if error.status >= 500 or error.status == 408:
        return Unavailable(f"{endpoint} failed: {error.message}", hint="Try again.", retry_after_s=wait)
    return _bad_input(error, prompt)


def _bad_input(error: ErrorAnswer, prompt: str) -> BadInput:
    message, words = error.message, error.message.lower()
    field = error.param.removeprefix("body.")
    if error.code == "context_length_exceeded" or _TOO_LONG.search(words):
        field = prompt if field in _PROMPT_NAMES else field
        return BadInput(message, code="context_length_exceeded", fields=(FieldFault(field, message),))
    if complaint := _COMPLAINT.search(message):
        field = field or complaint.group(1)
        message = f"{field}: {complaint.group(2) or complaint.group(3)}"
    elif not field and (subject := _SUBJECT.match(message)):
        field = subject.group(1)
    elif not field:
        field = next((name for pattern, name in _FIELD_BY_WORDS if pattern.search(words)), "")
    code = NOT_SUPPORTED if error.code == NOT_SUPPORTED else None
    return BadInput(message, code=code, fields=(FieldFault(field, message),) if field else ())


def not_supported(field: str, message: str, *, hint: str = "") -> BadInput:
    """The request is right, but this endpoint cannot do what `field` asks for; another may."""
    return BadInput(f"{field}: {message}", code=NOT_SUPPORTED, hint=hint, fields=(FieldFault(field, message),))
