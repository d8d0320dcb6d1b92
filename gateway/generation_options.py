"""What can be asked of the diffusion service, for forms: the contract's part, and what the service says of itself."""

import functools
from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from pydantic import BaseModel

from atelier.v1 import diffusion_pb2, models_pb2
from gateway import schemas
from gateway.generation_requests import OURS, request_model
from services.kit.contract import Method, contract
from services.kit.schema import FREE_FORM, descriptor_of, enum_words

SERVICE = "diffusion"


def path_word(method: Method) -> str:
    """The mode's name as it stands in paths: `text-to-image`."""
    return method.name.replace("_", "-")


def modes_of_service() -> list[Method]:
    """The jobs that make something; models are brought in at `/api/models`."""
    importing = models_pb2.ImportModelResult
    return [m for m in contract.of_service(SERVICE) if m.is_job and m.result_type is not importing]


def offered(
    found: diffusion_pb2.DiffusionOptions | None, registered: Sequence[schemas.GenerationModel] = ()
) -> schemas.GenerationOptions:
    """`found` is what the service answered; None while none does. `registered` are the sender's own models."""
    models = [schemas.GenerationModel(**contract.to_json(model)) for model in found.models] if found else []
    models += registered
    native = next((m.native_size for m in models if m.native_size), 512)
    modes = [_mode(method.kind) for method in modes_of_service()]
    samplers = _choices(diffusion_pb2.Sampler.DESCRIPTOR)
    if found and found.samplers:
        samplers = [choice for choice in samplers if choice.name in set(found.samplers)]
    return schemas.GenerationOptions(
        available=found is not None,
        models=models,
        samplers=samplers,
        loras=list(found.loras) if found else [],
        wildcards=list(found.wildcards) if found else [],
        sizes=sizes(native),
        shapes=shapes(native),
        formats=list(enum_words(diffusion_pb2.ImageFormat.DESCRIPTOR)),
        limits=next(mode.fields for mode in modes if mode.name == "text-to-image"),
        modes=modes,
        upscalers=[schemas.Upscaler(**contract.to_json(one)) for one in found.upscalers] if found else [],
        face_restoration=found.face_restoration if found else False,
    )


def sizes(native: int) -> list[schemas.SizeOption]:
    """Common shapes with about as many pixels as the model was trained for, in multiples of 8."""
    shapes = (
        ("Square", 1, 1),
        ("Portrait 2:3", 2, 3),
        ("Landscape 3:2", 3, 2),
        ("Tall 9:16", 9, 16),
        ("Wide 16:9", 16, 9),
    )
    return [schemas.SizeOption(label=label, **shape(f"{w}:{h}", native)) for label, w, h in shapes]


def shape(aspect_ratio: str, native: int) -> dict[str, int]:
    """Width and height of a shape, `16:9`, with about as many pixels as a model was trained for, in multiples of 8."""
    wide, high = (int(part) for part in aspect_ratio.split(":"))

    def side(part: int, other: int) -> int:
        return max(64, round(native * (part / other) ** 0.5 / 8) * 8)

    return {"width": side(wide, high), "height": side(high, wide)}


# A video is at least about as large as a square of this side, however small what its model makes.
_LEAST_SIDE = 256


def shapes(native: int) -> list[schemas.ShapeOption]:
    """The shapes of videos, with the size the diffusion service gives them (its `video/plan.py`)."""
    named = {
        "16:9": "Wide",
        "9:16": "Tall",
        "1:1": "Square",
        "4:3": "Classic",
        "3:4": "Classic upright",
        "3:2": "Photo",
        "2:3": "Photo upright",
        "21:9": "Cinema",
    }
    side = max(native, _LEAST_SIDE)

    def of(name: str, label: str) -> schemas.ShapeOption:
        across, down = (int(part) for part in name.split(":"))
        scale = side / (across * down) ** 0.5
        width, height = (max(64, round(part * scale / 8) * 8) for part in (across, down))
        return schemas.ShapeOption(name=name, label=f"{label} {name}", width=width, height=height)

    return [of(name, label) for name, label in named.items()]


def _choices(enum: Any) -> list[schemas.Choice]:
    words = enum_words(enum).items()
    return [schemas.Choice(name=word, label=_label(enum, number)) for word, number in words]


def _label(enum: Any, number: int) -> str:
    return contract.doc(f"{enum.full_name}.{enum.values_by_number[number].name}").rstrip(".")


@functools.cache
def _mode(kind: str) -> schemas.GenerationMode:
    method = contract.methods[kind]
    fields = _fields(descriptor_of(method.request_type), request_model(method))
    return schemas.GenerationMode(name=path_word(method), kind=method.kind, label=method.doc.rstrip("."), fields=fields)


def _fields(message: Descriptor, model: type[BaseModel]) -> dict[str, schemas.FieldLimits]:
    schema: dict[str, Any] = model.model_json_schema()
    required = set[str](schema.get("required", []))
    properties: dict[str, Any] = {n: said for n, said in schema.get("properties", {}).items() if n != "project_id"}
    # What the gateway takes besides, a preset for example, is not what the contract has under that name.
    own = {name: None if name in OURS else message.fields_by_name[name] for name in properties}
    return {name: _field(own[name], said, name in required) for name, said in properties.items()}


def _field(field: FieldDescriptor | None, said: dict[str, Any], required: bool) -> schemas.FieldLimits:
    """What JSON Schema says of a field, flat: an optional one keeps its limits one level down, beside null."""
    flat: dict[str, Any] = {**next(iter(said.get("anyOf", [])), dict[str, Any]()), **said}
    enum, inner = (field.enum_type, field.message_type) if field is not None else (None, None)
    return schemas.FieldLimits(
        type=flat.get("type", "object"),
        required=required,
        minimum=flat.get("minimum"),
        maximum=flat.get("maximum"),
        multiple_of=flat.get("multipleOf"),
        max_length=flat.get("maxLength"),
        default=flat.get("default"),
        choices=_choices(enum) if enum else None,
        reference=flat.get("x-reference"),
        unit=flat.get("x-unit"),
        description=flat.get("description"),
        max_items=flat.get("maxItems"),
        fields=_fields(inner, contract.model(inner))
        if inner and not inner.GetOptions().map_entry and inner.full_name not in FREE_FORM
        else None,
    )
