"""Messages to plain data and back, in the API's spelling rather than protobuf's: enums as lower-case words, 64-bit
numbers as numbers, `Any` unpacked."""

import base64
import functools
from typing import Any, cast

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from services.kit.schema import FREE_FORM, TIMESTAMP, descriptor_of, enum_words

# Messages whose JSON form protobuf itself defines.
_AS_JSON = frozenset({*FREE_FORM, TIMESTAMP})


@functools.cache
def _words(enum: EnumDescriptor) -> dict[str, int]:
    return enum_words(enum)


@functools.cache
def _names(enum: EnumDescriptor) -> dict[int, str]:
    return {number: word for word, number in enum_words(enum).items()}


def enum_word(field: FieldDescriptor, value: int) -> str:
    """An enum field's value as a lower-case word; "" = unspecified or unknown."""
    return _names(field.enum_type).get(value, "")


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def fill(message: Message, data: BaseModel) -> None:
    """Set a message's fields from a validated instance of its model; None leaves a field unset."""
    fields = descriptor_of(message).fields_by_name
    for name, value in vars(data).items():
        field = fields[name]
        if value is None:
            continue
        if _is_map(field):
            getattr(message, name).update(value)
        elif field.message_type:
            if field.is_repeated:
                target = getattr(message, name)
                for item in value:
                    _fill_message(target.add(), item)
            else:
                _fill_message(getattr(message, name), value)
        elif field.is_repeated:
            getattr(message, name).extend(_words(field.enum_type)[v] if field.enum_type else v for v in value)
        else:
            setattr(message, name, _words(field.enum_type)[value] if field.enum_type else value)


def _fill_message(message: Message, value: Any) -> None:
    if message.DESCRIPTOR.full_name in _AS_JSON:
        json_format.ParseDict(value, message)
    else:
        message.SetInParent()
        fill(message, value)


@functools.cache
def _defaults(model: type[BaseModel], descriptor: Descriptor) -> tuple[tuple[str, Any], ...]:
    """The fields that are not left at zero when absent, with their value on the wire."""
    found: list[tuple[str, Any]] = []
    for field in descriptor.fields:
        # A default is a plain value: a message has none, and a list's or map's is empty as it is.
        if field.is_repeated or field.message_type:
            continue
        value = model.model_fields[field.name].get_default()
        if value not in (None, PydanticUndefined) and (value or field.has_presence):
            found.append((field.name, _words(field.enum_type)[value] if field.enum_type else value))
    return tuple(found)


@functools.cache
def _nested(descriptor: Descriptor) -> tuple[tuple[str, bool], ...]:
    """The fields that hold messages with a model of their own, and whether there are many."""
    return tuple(
        (field.name, field.is_repeated)
        for field in descriptor.fields
        if field.message_type and field.message_type.full_name not in _AS_JSON and not _is_map(field)
    )


def fill_defaults(message: Message, data: BaseModel) -> None:
    """Set the fields that `message` leaves out to their model's defaults; `data` is its validated model instance."""
    given_fields = data.model_fields_set
    for name, value in _defaults(type(data), descriptor_of(message)):
        if name not in given_fields:
            setattr(message, name, value)
    for name, many in _nested(descriptor_of(message)):
        if name not in given_fields:
            continue
        if many:
            for item, part in zip(getattr(message, name), getattr(data, name), strict=True):
                fill_defaults(item, part)
        else:
            fill_defaults(getattr(message, name), getattr(data, name))


def given(message: Message) -> dict[str, Any]:
    """What a message carries, as input for its model: fields left at their zero value count as absent, so that the
    model's defaults apply (a field for which zero means something has explicit presence in the contract)."""
    return {field.name: _plain(field, value, given) for field, value in message.ListFields()}


def to_json(message: Message) -> dict[str, Any]:
    """Every field as JSON data; an unset field with explicit presence is left out."""
    if isinstance(message, AnyMessage):
        return _unpack(message)
    data: dict[str, Any] = {}
    for field in descriptor_of(message).fields:
        if field.has_presence and not message.HasField(field.name):
            continue
        value = _plain(field, getattr(message, field.name), to_json)
        data[field.name] = _bytes_as_text(value) if field.type == FieldDescriptor.TYPE_BYTES else value
    return data


def _bytes_as_text(value: bytes | list[bytes]) -> str | list[str]:
    return (
        [base64.b64encode(v).decode() for v in value] if isinstance(value, list) else base64.b64encode(value).decode()
    )


def _unpack(message: AnyMessage) -> dict[str, Any]:
    if not message.type_url:
        return {}
    descriptor = descriptor_pool.Default().FindMessageTypeByName(message.TypeName())
    inner = message_factory.GetMessageClass(descriptor)()
    message.Unpack(inner)
    return to_json(inner)


def _plain(field: FieldDescriptor, value: Any, nested: Any) -> Any:
    if _is_map(field):
        return dict(value)
    if field.is_repeated:
        return [_plain_single(field, item, nested) for item in value]
    return _plain_single(field, value, nested)


def _plain_single(field: FieldDescriptor, value: Any, nested: Any) -> Any:
    if field.message_type:
        if field.message_type.full_name in FREE_FORM:
            return _whole_numbers(json_format.MessageToDict(value))
        if field.message_type.full_name == TIMESTAMP:
            return json_format.MessageToDict(value)
        return nested(value)
    if field.enum_type:
        return _names(field.enum_type).get(value)
    return value


def _whole_numbers(value: Any) -> Any:
    """Free-form JSON knows only doubles on the wire; whole ones are given back as the integers they were sent as."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in cast(list[Any], value)]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
