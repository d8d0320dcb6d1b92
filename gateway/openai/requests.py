"""OpenAI's requests as the contract's messages. Fields the contract does not name travel in `extra`, unchanged."""

from typing import Any, TypeVar, cast

import orjson
from google.protobuf.message import Message

from services.kit.contract import contract
from services.kit.failures import BadInput

M = TypeVar("M", bound=Message)

_EXTRA = "extra"
_VERBATIM = "verbatim"
_MESSAGES = "messages"


def message(message_type: type[M], body: Any) -> M:
    """The message of a request body; raises `BadInput` naming every field at fault."""
    if not isinstance(body, dict):
        raise BadInput.of("body", "must be a JSON object")
    # Clients send null for what they leave to us.
    given = {name: value for name, value in cast(dict[str, Any], body).items() if value is not None}
    names = message_type.DESCRIPTOR.fields_by_name
    ours = (_EXTRA, _VERBATIM)
    known = {name: value for name, value in given.items() if name in names and name not in ours}
    other = {name: value for name, value in given.items() if name not in names or name in ours}
    if other and _EXTRA in names:
        known[_EXTRA] = other
    if _VERBATIM in names and (objects := {n: v for n, v in given.items() if n != _MESSAGES and _holds_object(v)}):
        known[_VERBATIM] = orjson.dumps(objects).decode()
    if isinstance(known.get(_MESSAGES), list):
        known[_MESSAGES] = [_without_nulls(item) for item in known[_MESSAGES]]
    if isinstance(known.get("stream_options"), dict):
        known["stream_options"] = {k: v for k, v in known["stream_options"].items() if k == "include_usage"}
    return cast(M, contract.parse(message_type, known))


def _holds_object(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_object, cast(list[Any], value))))


def _without_nulls(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    fields = cast(dict[str, Any], item)
    kept = {name: value for name, value in fields.items() if value is not None}
    # Null beside tool calls is how OpenAI writes an assistant's message without text.
    return {**kept, "content": None} if "content" in fields and "content" not in kept else kept
