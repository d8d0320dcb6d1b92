"""The contract at run time: limits that name their field, defaults, plain data and back without loss."""

from __future__ import annotations

import importlib.resources
import json
from random import Random
from typing import Any, cast

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from atelier.v1 import options_pb2
from atelier.v1.common_pb2 import Asset, Event
from atelier.v1.diffusion_pb2 import (
    ImageFormat,
    Sampler,
    TextToImageRequest,
)
from services.kit import convert
from services.kit.contract import contract
from services.kit.failures import BadInput
from services.kit.schema import descriptor_of, extension, where_described


def everything() -> list[type[Message]]:
    """Every message the contract's methods take or give, and the events of the journal."""
    found: dict[str, type[Message]] = {"Event": Event}
    for method in contract.methods.values():
        for kind in (method.request_type, method.response_type, method.result_type):
            if kind is not None:
                found[descriptor_of(kind).full_name] = kind
    return list(found.values())


def every_kind() -> list[Descriptor]:
    """Every message the contract defines."""
    data = importlib.resources.files("atelier.v1").joinpath("contract.binpb").read_bytes()
    files = [f.name for f in descriptor_pb2.FileDescriptorSet.FromString(data).file if f.package == "atelier.v1"]
    return [kind for f in files for kind in descriptor_pool.Default().FindFileByName(f).message_types_by_name.values()]


_NO_NUMBER = {
    FieldDescriptor.CPPTYPE_STRING,
    FieldDescriptor.CPPTYPE_ENUM,
    FieldDescriptor.CPPTYPE_MESSAGE,
}
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


def _text(random: Random) -> str:
    return "".join(random.choices('aé漢🍎\n\0 "\\', k=random.randint(0, 6)))


def _json(random: Random, depth: int = 2) -> Any:
    match random.randint(0, 6 if depth else 4):
        case 0:
            return None
        case 1:
            return random.random() < 0.5
        case 2:
            return random.randint(-(2**40), 2**40)
        case 3:
            return random.uniform(-1e9, 1e9)
        case 4:
            return _text(random)
        case 5:
            return [_json(random, depth - 1) for _ in range(random.randint(0, 3))]
        case _:
            return _table(random, depth - 1)


def _table(random: Random, depth: int = 2) -> dict[str, Any]:
    return {_text(random): _json(random, depth) for _ in range(random.randint(0, 3))}


def _single(field: Any, random: Random) -> Any:
    if field.enum_type:
        return random.choice([value.number for value in field.enum_type.values if value.number])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return random.randbytes(random.randint(0, 6))
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return _text(random)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return random.random() < 0.5
    if field.cpp_type in _RANGES:
        return random.choice([*_RANGES[field.cpp_type], random.randint(*_RANGES[field.cpp_type]), 0, 1])
    return random.choice([0.0, random.uniform(-1e6, 1e6)])


def _fill(message: Message, depth: int, random: Random) -> None:
    """Set about two thirds of the fields to anything."""
    for field in message.DESCRIPTOR.fields:
        if random.random() < 0.35:
            continue
        target = getattr(message, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            value = field.message_type.fields_by_name["value"]
            for _ in range(random.randint(0, 3)):
                target[_text(random)] = _single(value, random)
        elif field.message_type and depth > 0:
            for part in [target.add() for _ in range(random.randint(1, 2))] if field.is_repeated else [target]:
                _fill_message(part, depth, random)
        elif field.is_repeated and not field.message_type:
            target.extend(_single(field, random) for _ in range(random.randint(0, 3)))
        elif not field.message_type:
            setattr(message, field.name, _single(field, random))


def _fill_message(part: Any, depth: int, random: Random) -> None:
    part.SetInParent()
    match part.DESCRIPTOR.name:
        case "Timestamp":
            part.FromNanoseconds(random.randint(0, 4 * 10**18))
        case "Any":
            part.Pack(Asset(id=_text(random)))
        case "Struct":
            part.update(_table(random))
        case "ListValue":
            part.extend([_json(random) for _ in range(3)])
        case "Value":
            # Null stands for absence.
            json_format.ParseDict(cast(Any, _json(random) or 1), part)
        case _:
            _fill(part, depth - 1, random)


@pytest.mark.filterwarnings("ignore:Field name")
@pytest.mark.parametrize("kind", everything(), ids=lambda kind: descriptor_of(kind).name)
def test_every_message_of_the_contract_survives_plain_data(kind: type[Message]) -> None:
    for seed in range(30):
        message, again = kind(), kind()
        _fill(message, 3, Random(seed))
        model = contract.model(kind)
        instance = model.model_construct(**_constructed(model, convert.given(message)))
        convert.fill(again, instance)
        convert.fill_defaults(message, instance)
        assert again == message
        json.dumps(contract.to_json(message), allow_nan=False)


def _constructed(model: Any, given_data: dict[str, Any]) -> dict[str, Any]:
    """Plain data with model instances where fields hold messages. Unvalidated: random data breaks the limits, which are
    tested elsewhere."""
    found: dict[str, Any] = {}
    for name, value in given_data.items():
        inner = _model_within(model.model_fields[name].annotation)
        if inner is None:
            found[name] = value
        elif isinstance(value, list):
            found[name] = [inner.model_construct(**_constructed(inner, item)) for item in value]
        else:
            found[name] = inner.model_construct(**_constructed(inner, value))
    return found


def _model_within(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    return next(filter(None, map(_model_within, getattr(annotation, "__args__", ()))), None)


def faults(message: type[Message], data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(BadInput) as caught:
        contract.parse(message, data)
    return {fault.field: fault.message for fault in caught.value.fields}


def test_every_field_at_fault_is_named_with_its_limit() -> None:
    found = faults(TextToImageRequest, {"prompt": "", "width": 100, "steps": 151, "cfg_scale": -1, "sampler": "magic"})
    assert found.keys() == {"prompt", "width", "steps", "cfg_scale", "sampler"}
    assert "at least 1 character" in found["prompt"]
    assert "multiple of 8" in found["width"]
    assert "150" in found["steps"] and "0" in found["cfg_scale"]
    assert "'euler'" in found["sampler"] and "'dpmpp_2m'" in found["sampler"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("steps", "20"), ("steps", 2.5), ("steps", True), ("cfg_scale", float("nan")), ("prompt", 7), ("count", None)],
)
def test_a_wrong_type_is_a_fault_and_not_guessed_at(field: str, value: Any) -> None:
    assert list(faults(TextToImageRequest, {"prompt": "a red apple", field: value})) == [field]


def test_what_is_missing_or_unknown_is_named() -> None:
    assert "required" in faults(TextToImageRequest, {})["prompt"].lower()
    assert list(faults(TextToImageRequest, {"prompt": "x", "stepz": 3})) == ["stepz"]


def test_defaults_are_filled_in_where_a_field_is_absent_and_nowhere_else() -> None:
    request = contract.parse(TextToImageRequest, {"prompt": "a red apple", "cfg_scale": 0, "preview_every": 0})
    assert isinstance(request, TextToImageRequest)
    assert (request.steps, request.seed, request.count) == (20, -1, 1)
    assert (request.sampler, request.format) == (Sampler.SAMPLER_DPMPP_2M, ImageFormat.IMAGE_FORMAT_PNG)
    # Zero is a value of these two, not an absence.
    assert (request.cfg_scale, request.preview_every) == (0, 0)
    assert not request.HasField("width")


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.name)
def test_zero_can_be_asked_for_wherever_it_is_allowed(kind: Descriptor) -> None:
    for field in kind.fields:
        rules = extension(field, options_pb2.rules, options_pb2.Rules)
        numeric = not field.is_repeated and field.cpp_type not in _NO_NUMBER
        if numeric and rules.HasField("default") and not field.has_presence:
            assert rules.minimum > 0 or not json.loads(rules.default), f"{field.full_name} needs explicit presence"


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: str(kind.name))
def test_a_field_described_by_its_namesake_is_of_the_same_type(kind: Descriptor) -> None:
    for field in kind.fields:
        said = where_described(field, contract.docs)
        assert (said.type, said.is_repeated, said.has_presence) == (field.type, field.is_repeated, field.has_presence)
        assert (said.message_type, said.enum_type) == (field.message_type, field.enum_type)
        assert contract.doc(said.full_name), f"{field.full_name} has no comment and is like no field that has one"


def test_a_message_from_the_bus_is_validated_and_completed_the_same_way() -> None:
    sent = TextToImageRequest(prompt="a red apple", seed=0)
    whole = contract.complete(sent)
    assert whole == contract.parse(TextToImageRequest, {"prompt": "a red apple", "seed": 0})
    assert sent == TextToImageRequest(prompt="a red apple", seed=0)
    with pytest.raises(BadInput) as caught:
        contract.complete(TextToImageRequest(prompt="x", width=63))
    assert [fault.field for fault in caught.value.fields] == ["width"]


def test_events_become_the_apis_plain_data() -> None:
    event = Event(job_id="j", kind="diffusion.text_to_image", attempt=1)
    event.time.FromJsonString("2026-11-21T10:20:30.5Z")
    event.completed.result.Pack(TextToImageRequest(prompt="p", sampler=Sampler.SAMPLER_EULER_A))
    plain = contract.to_json(event)
    assert plain["time"] == "2026-11-21T10:20:30.500Z"
    assert plain["completed"]["result"]["sampler"] == "euler_a"
    preview = Event()
    preview.preview.image = b"\x00\xff"
    assert contract.to_json(preview)["preview"]["image"] == "AP8="


def test_the_models_carry_docs_limits_and_units_for_the_api_document() -> None:
    schema = contract.model(TextToImageRequest).model_json_schema()
    width = schema["properties"]["width"]
    assert width["description"].startswith("Width in pixels") and width["x-unit"] == "px"
    assert {"minimum": 64, "maximum": 4096, "multipleOf": 8}.items() <= width["anyOf"][0].items()
    assert schema["required"] == ["prompt"] and schema["additionalProperties"] is False


def test_each_method_knows_its_lane_and_subject() -> None:
    job, call = contract.methods["diffusion.text_to_image"], contract.methods["diffusion.options"]
    assert job.is_job and job.result_type is not None and job.policy.max_deliver > 1 and job.policy.ack_wait_s > 0
    assert not call.is_job and not call.streams and call.policy.timeout_s > 0
    assert job.grpc_path == "/atelier.v1.Diffusion/TextToImage" and job.doc
