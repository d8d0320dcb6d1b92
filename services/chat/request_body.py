"""A request message as the JSON object an OpenAI-compatible endpoint reads."""

from typing import Any

import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import ListValue, Struct, Value

from atelier.v1.chat_pb2 import ChatCompletionRequest, CompletionRequest
from services.kit.failures import BadInput

# Ours to decide, not the client's: see `completion_body`.
_OWN_FIELDS = frozenset({"model", "stream", "stream_options", "extra", "verbatim"})


def completion_body(request: ChatCompletionRequest | CompletionRequest, *, model: str) -> dict[str, Any]:
    """Body of a chat or text completion request for `model`.

    It always asks for a stream (a server that answers in one piece does not notice a client that went away) and usage.
    Fields the contract does not name travel in `extra` and never replace one it does name. Raises `BadInput` when
    `verbatim` is no JSON object.
    """
    body = _plain(request.extra)
    body |= {field.name: _value(field, value) for field, value in request.ListFields() if field.name not in _OWN_FIELDS}
    written = _object(request.verbatim) if request.verbatim else {}
    body |= {name: value for name, value in written.items() if name in body}
    return body | {"model": model, "stream": True, "stream_options": {"include_usage": True}}


def embedding_body(request: Message, *, model: str) -> dict[str, Any]:
    """Body of an embedding request for `model`."""
    body = {field.name: _value(field, value) for field, value in request.ListFields() if field.name not in _OWN_FIELDS}
    return body | {"model": model}


def _object(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput.of("verbatim", f"is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadInput.of("verbatim", "is not a JSON object")
    return found


def _value(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is None:
        return list(value) if field.is_repeated else value
    return [_plain(item) for item in value] if field.is_repeated else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return {key: _plain(item) for key, item in value.fields.items()}
    if isinstance(value, ListValue):
        return [_plain(item) for item in value.values]
    if not isinstance(value, Value):
        return {field.name: _value(field, item) for field, item in value.ListFields()}
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        # Struct knows only doubles; token ids and JSON schema bounds must stay whole numbers.
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind is None or kind == "null_value":
        return None
    found = getattr(value, kind)
    return _plain(found) if kind in ("struct_value", "list_value") else found
