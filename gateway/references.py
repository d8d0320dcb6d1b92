"""What requests refer to: the id of an asset, or a file as a `data:` URL, becomes the URI of its content before the
request travels. So services need nothing but the bus and object storage."""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncSession

from atelier.v1 import options_pb2
from atelier.v1.diffusion_pb2 import GridAxis, GridField
from gateway import sniff, uploads
from gateway.catalog import assets, registered
from gateway.catalog.models import AssetRow, ModelRow, now
from gateway.claims import Upload
from gateway.scratch import scratch
from gateway.state import Parts
from services.kit.contract import contract
from services.kit.failures import BadInput, Failure, FieldFault, ModelNotFound
from services.kit.schema import descriptor_of, extension, where_described

# What a field may refer to (`Rules.reference`), by the kind of the asset.
_KINDS = {"image": ("image",), "video": ("video",), "asset": ("image", "video", "audio", "text", "file")}
# The same by the kind of the model, and what people call it.
_MODELS = {"model": "base", "lora": "lora", "vae": "vae", "upscaler": "upscaler", "motion_adapter": "motion_adapter"}
# As the diffusion service reads them (its `emphasis.py`).
_LORA = re.compile(r"<lora:(?P<name>[^:<>]+)(?::(?P<weight>-?\d+(?:\.\d+)?))?>")
_WORDS = {"model": "model", "lora": "LoRA", "vae": "VAE", "upscaler": "upscaler", "motion_adapter": "motion adapter"}


@dataclass(frozen=True)
class _Field:
    """A field of a request that refers to something."""

    message: Message
    name: str
    path: str
    """As in problems: `loras.0.model`."""
    reference: str

    @property
    def given(self) -> str:
        return getattr(self.message, self.name)

    def put(self, uri: str) -> None:
        setattr(self.message, self.name, uri)


async def known(parts: Parts, owner_id: str, request: Message) -> None:
    """Make files in the request assets of its sender, so that it refers to all by id."""
    for field in _fields(request, _KINDS):
        if field.given.startswith("data:"):
            field.put((await _kept(parts, owner_id, field.path, _KINDS[field.reference], field.given)).id)


async def resolved(parts: Parts, owner_id: str, request: Message) -> Message:
    """The request with URIs in place of ids and of the names of registered models; names that are nobody's stay, as
    models that came along have them. Raises `BadInput` naming the field that refers to nothing fitting."""
    found = type(request)()
    found.CopyFrom(request)
    fields = _fields(found, _KINDS)
    async with parts.database.read() as session:
        rows = await assets.of_ids(session, owner_id, [field.given for field in fields])
        await _take_out_loras(session, owner_id, found)
        for field in _fields(found, _MODELS):
            await _resolve_model(parts, session, owner_id, field)
    by_id = {row.id: row for row in rows}
    for field in fields:
        row = by_id.get(field.given)
        if row is None:
            raise BadInput.of(field.path, f"there is no asset {field.given}")
        _check(field.path, row.kind, _KINDS[field.reference])
        field.put(parts.objects.uri(row.key))
    return found


def models_named(request: Message) -> list[tuple[str, str]]:
    """The models a request names, each with its field."""
    return [(field.path, field.given) for field in _fields(request, _MODELS)]


def model_uri(parts: Parts, row: ModelRow) -> str:
    """How a registered model is named on the bus: where its files are, and what it is called."""
    return f"{parts.objects.uri(f'models/{row.sha256}')}#{row.name}"


async def _take_out_loras(session: AsyncSession, owner_id: str, request: Message) -> None:
    """Registered LoRAs that stand in the prompt, `<lora:name:0.8>`, are named beside it: only there can a URI stand."""
    if "loras" not in descriptor_of(request).fields_by_name:
        return
    # Stubs know no fields of a message of any type.
    message: Any = request
    for tag in _LORA.finditer(message.prompt):
        row = await registered.called(session, owner_id, tag["name"].strip())
        if row is not None and row.kind == "lora":
            message.prompt = message.prompt.replace(tag[0], "", 1) or " "
            message.loras.add(model=row.name, weight=float(tag["weight"] or 1))


async def _resolve_model(parts: Parts, session: AsyncSession, owner_id: str, field: _Field) -> None:
    row = await registered.called(session, owner_id, field.given)
    if row is None:
        # What came along has a name only, and the service knows it.
        if "://" in field.given:
            there = await registered.names(session, owner_id, _MODELS[field.reference])
            raise ModelNotFound(
                f"{field.path}: there is no {_WORDS[field.reference]} {field.given!r}; "
                f"there is {', '.join(there[:20]) or 'none'}",
                fields=(FieldFault(field.path, f"there is no {_WORDS[field.reference]} {field.given!r}"),),
            )
        return
    if row.status != "available":
        raise BadInput.of(field.path, f"the model {row.name} is {row.status}, so it cannot be used yet")
    if row.kind != _MODELS[field.reference]:
        raise BadInput.of(field.path, f"{row.name} is a {row.kind}; wanted is a {_WORDS[field.reference]}")
    if field.reference not in ("model", "lora"):
        raise BadInput.of(field.path, f"{row.name} is kept here, but only what came along can be used for this so far")
    field.put(model_uri(parts, row))


def _fields(request: Message, references: Container[str], path: str = "") -> list[_Field]:
    """The fields that refer to something of these sorts, also those of messages within."""
    if isinstance(request, GridAxis):
        return _values(request, path) if request.field == GridField.GRID_FIELD_MODEL and "model" in references else []
    found = list[_Field]()
    for field in descriptor_of(request).fields:
        here = f"{path}{field.name}"
        if field.message_type is not None:
            if field.message_type.full_name.startswith("atelier.") and not field.message_type.GetOptions().map_entry:
                for inner, where in _within(request, field.name, field.is_repeated):
                    found += _fields(inner, references, f"{here}{where}.")
            continue
        reference = extension(where_described(field, contract.docs), options_pb2.rules, options_pb2.Rules).reference
        if reference in references and not field.is_repeated and getattr(request, field.name):
            found.append(_Field(request, field.name, here, reference))
    return found


def _values(axis: GridAxis, path: str) -> list[_Field]:
    """The models among the values of a grid's axis."""
    named = enumerate(axis.values)
    return [_Field(v, "string_value", f"{path}values.{place}", "model") for place, v in named if v.string_value]


def _within(request: Message, name: str, repeated: bool) -> list[tuple[Message, str]]:
    if repeated:
        return [(inner, f".{number}") for number, inner in enumerate(getattr(request, name))]
    return [(getattr(request, name), "")] if request.HasField(name) else []


def _check(field: str, kind: str, kinds: tuple[str, ...]) -> None:
    if kind not in kinds:
        raise BadInput.of(field, f"is of kind {kind}; wanted is {' or '.join(kinds)}")


async def _kept(parts: Parts, owner_id: str, field: str, kinds: tuple[str, ...], url: str) -> AssetRow:
    head, comma, body = url.partition(",")
    if not comma:
        raise BadInput.of(field, "is no data URL: there is no comma before its content")
    try:
        base64_coded = head.endswith(";base64")
        content = base64.b64decode(body, validate=True) if base64_coded else unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        raise BadInput.of(field, f"is no data URL: {error}") from None
    content_type = sniff.content_type(content[: sniff.HEAD_BYTES])
    _check(field, sniff.kind(content_type), kinds)
    async with scratch(parts, "reference") as place:
        path = place / "content"
        await asyncio.to_thread(path.write_bytes, content)
        digest = hashlib.sha256(content).hexdigest()
        upload = Upload(path, f"{field}{sniff.extension(content_type)}", len(content), digest, content_type)
        # Nobody asked for it to be kept: it stays as long as somebody may want to repeat the job.
        until = now() + timedelta(days=parts.settings.temporary_days)
        try:
            return (await uploads.keep(parts, owner_id, [upload], expires_at=until))[0]
        except Failure as failure:
            if failure.code != "bad_image":
                raise
            raise BadInput.of(field, failure.message, hint=failure.hint) from failure
