"""Derive pydantic models from message descriptors and the limits they declare."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar, cast

from google.protobuf import descriptor_pb2, json_format, struct_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, create_model

from atelier.v1 import options_pb2

E = TypeVar("E", bound=Message)

_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_RFC_3339 = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$"


def _sendable(value: Any) -> Any:
    """Python's JSON knows NaN, infinity and half characters, and nests without end; the wire does not."""
    try:
        # Not a number is noticed on the way back only.
        json_format.MessageToDict(json_format.ParseDict(value, struct_pb2.Value()))
    except (json_format.ParseError, ValueError) as error:
        raise ValueError(str(error)) from None
    return value


# Free-form JSON travels as these well-known types.
FREE_FORM = {
    "google.protobuf.Struct": dict[str, Any],
    "google.protobuf.Value": Annotated[Any, AfterValidator(_sendable)],
    "google.protobuf.ListValue": list[Any],
}
TIMESTAMP = "google.protobuf.Timestamp"


def _whole(value: Any) -> Any:
    # Beyond 2^53 a float is a rounded number; which one was meant is not known any more.
    exact = isinstance(value, float) and value.is_integer() and abs(value) <= 2**53
    return int(value) if exact else value


WHOLE = BeforeValidator(_whole)
"""For integers out of JSON, which knows one kind of number: 20.0 is 20, and JSON Schema says so too."""


def descriptor_of(message: Message | type[Message]) -> Descriptor:
    """A message's descriptor; its stub names the C implementation's type too, which is the same thing."""
    return cast(Descriptor, message.DESCRIPTOR)


def enum_words(enum: EnumDescriptor) -> dict[str, int]:
    """The enum's values as lower-case words without their prefix; the zero value (unspecified) is left out."""
    prefix = "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(enum.name)).upper() + "_"
    return {v.name.removeprefix(prefix).lower(): v.number for v in enum.values if v.number}


def extension(described: FieldDescriptor | MethodDescriptor, handle: Any, kind: type[E]) -> E:
    """One of our options of a field or method. Stubs type its handle as a plain field, hence `kind`."""
    found = described.GetOptions().Extensions[handle]
    assert isinstance(found, kind)
    return found


def derive(
    descriptor: Descriptor, docs: Mapping[str, str], model_of: Callable[[Descriptor], type[BaseModel]]
) -> type[BaseModel]:
    """One model per message; `model_of` gives the models of nested messages."""
    fields: dict[str, Any] = {}
    for field in descriptor.fields:
        said = where_described(field, docs)
        rules = extension(said, options_pb2.rules, options_pb2.Rules)
        fields[field.name] = (
            _field_type(field, rules, model_of),
            _field_info(field, rules, docs.get(said.full_name)),
        )
    return create_model(
        descriptor.name,
        __doc__=docs.get(descriptor.full_name),
        # A number in quotes is a mistake the sender should hear about, not something to guess at.
        __config__=ConfigDict(extra="forbid", strict=True, frozen=True),
        **fields,
    )


def where_described(field: FieldDescriptor, docs: Mapping[str, str]) -> FieldDescriptor:
    """The field whose rules and comment a field has: its own, or those of its namesake in a message its own is like."""
    message = field.containing_type
    while message is not None and field.full_name not in docs:
        # Stubs type the handle as a plain field.
        options: Any = message.GetOptions()
        like: str = options.Extensions[options_pb2.like]
        message = message.file.pool.FindMessageTypeByName(like) if like else None
        field = message.fields_by_name.get(field.name, field) if message is not None else field
    return field


def _field_type(
    field: FieldDescriptor, rules: options_pb2.Rules, model_of: Callable[[Descriptor], type[BaseModel]]
) -> Any:
    message = field.message_type
    if message and message.GetOptions().map_entry:
        value = message.fields_by_name["value"]
        return dict[str, _field_type(value, options_pb2.Rules(), model_of)]
    single = _single_type(field, rules, model_of)
    if field.is_repeated:
        return list[single]
    if is_optional(field, rules):
        return single | None
    return single


def _single_type(
    field: FieldDescriptor, rules: options_pb2.Rules, model_of: Callable[[Descriptor], type[BaseModel]]
) -> Any:
    if field.message_type:
        if field.message_type.full_name == TIMESTAMP:
            return Annotated[str, StringConstraints(pattern=_RFC_3339)]
        return FREE_FORM.get(field.message_type.full_name) or model_of(field.message_type)
    if field.enum_type:
        return Literal[tuple(enum_words(field.enum_type))]
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return bool
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return Annotated[
            str,
            StringConstraints(
                min_length=_given(rules, "min_length"),
                max_length=_given(rules, "max_length"),
                pattern=_given(rules, "pattern"),
            ),
        ]
    low, high, multiple = _given(rules, "minimum"), _given(rules, "maximum"), _given(rules, "multiple_of")
    if field.cpp_type in _INTEGERS:
        least, most = _INTEGERS[field.cpp_type]
        step = int(multiple) if multiple is not None else None
        return Annotated[
            int,
            Field(ge=least if low is None else int(low), le=most if high is None else int(high), multiple_of=step),
            # Last: behind a validator of its own a limit would be checked, but not described as JSON Schema does.
            WHOLE,
        ]
    return Annotated[float, Field(ge=low, le=high, multiple_of=multiple, allow_inf_nan=False)]


def is_optional(field: FieldDescriptor, rules: options_pb2.Rules) -> bool:
    """True if the field may be absent and has no default to stand in for it."""
    return field.has_presence and not rules.required and not rules.HasField("default")


def _field_info(field: FieldDescriptor, rules: options_pb2.Rules, doc: str | None) -> Any:
    extra: dict[str, Any] = {}
    if rules.HasField("unit"):
        extra["x-unit"] = rules.unit
    if rules.HasField("reference"):
        extra["x-reference"] = rules.reference
    options: dict[str, Any] = {
        "description": doc,
        "examples": [json.loads(rules.example)] if rules.HasField("example") else None,
        "json_schema_extra": extra or None,
    }
    if field.is_repeated:
        options |= {"min_length": _given(rules, "min_items"), "max_length": _given(rules, "max_items")}
    if rules.required:
        return Field(**options)
    if field.is_repeated:
        factory: Any = dict if field.message_type and field.message_type.GetOptions().map_entry else list
        return Field(default_factory=factory, **options)
    return Field(default=_default(field, rules), **options)


def _default(field: FieldDescriptor, rules: options_pb2.Rules) -> Any:
    if rules.HasField("default"):
        return json.loads(rules.default)
    if field.has_presence:
        return None
    if field.enum_type:
        return next(iter(enum_words(field.enum_type)))
    return b"" if field.type == FieldDescriptor.TYPE_BYTES else field.default_value


def _given(rules: options_pb2.Rules, name: str) -> Any:
    return getattr(rules, name) if rules.HasField(name) else None


def comments(files: descriptor_pb2.FileDescriptorSet) -> dict[str, str]:
    """Full name → comment, for every message, field, enum value, service and method (descriptor.proto,
    SourceCodeInfo)."""
    found: dict[str, str] = {}
    for file in files.file:
        if not file.package.startswith("atelier."):
            continue
        by_path = {tuple(loc.path): loc.leading_comments for loc in file.source_code_info.location}
        for m, message in enumerate(file.message_type):
            name = f"{file.package}.{message.name}"
            found[name] = by_path.get((4, m), "")
            for f, field in enumerate(message.field):
                found[f"{name}.{field.name}"] = by_path.get((4, m, 2, f), "")
        for e, enum in enumerate(file.enum_type):
            found[f"{file.package}.{enum.name}"] = by_path.get((5, e), "")
            for v, value in enumerate(enum.value):
                found[f"{file.package}.{enum.name}.{value.name}"] = by_path.get((5, e, 2, v), "")
        for s, service in enumerate(file.service):
            found[f"{file.package}.{service.name}"] = by_path.get((6, s), "")
            for d, method in enumerate(service.method):
                found[f"{file.package}.{service.name}.{method.name}"] = by_path.get((6, s, 2, d), "")
    return {name: " ".join(text.split()) for name, text in found.items() if text.strip()}
