"""What requests refer to: the id of an asset, or a file as a `data:` URL, becomes the URI of its content before the
request travels. So services need nothing but the bus and object storage."""

import asyncio
import base64
import binascii
import hashlib
from datetime import timedelta
from urllib.parse import unquote_to_bytes

from google.protobuf.message import Message

from atelier.v1 import options_pb2
from gateway import sniff, uploads
from gateway.catalog import assets
from gateway.catalog.models import AssetRow, now
from gateway.claims import Upload
from gateway.scratch import scratch
from gateway.state import Parts
from services.kit.failures import BadInput, Failure
from services.kit.schema import descriptor_of, extension

# What a field may refer to (`Rules.reference`), by the kind of the asset.
_KINDS = {"image": ("image",), "video": ("video",), "asset": ("image", "video", "audio", "text", "file")}


async def known(parts: Parts, owner_id: str, request: Message) -> None:
    """Make files in the request assets of its sender, so that it refers to all by id."""
    for name, kinds in _fields(request):
        given: str = getattr(request, name)
        if given.startswith("data:"):
            setattr(request, name, (await _kept(parts, owner_id, name, kinds, given)).id)


async def resolved(parts: Parts, owner_id: str, request: Message) -> Message:
    """The request with URIs in place of ids; raises `BadInput` naming the field that refers to nothing fitting."""
    found = type(request)()
    found.CopyFrom(request)
    fields = _fields(request)
    async with parts.database.read() as session:
        rows = await assets.of_ids(session, owner_id, [getattr(request, name) for name, _ in fields])
    by_id = {row.id: row for row in rows}
    for name, kinds in fields:
        row = by_id.get(getattr(request, name))
        if row is None:
            raise BadInput.of(name, f"there is no asset {getattr(request, name)}")
        _check(name, row.kind, kinds)
        setattr(found, name, parts.objects.uri(row.key))
    return found


def _fields(request: Message) -> list[tuple[str, tuple[str, ...]]]:
    """The fields that refer to something, and to what kinds of assets."""
    found = list[tuple[str, tuple[str, ...]]]()
    for field in descriptor_of(request).fields:
        kinds = _KINDS.get(extension(field, options_pb2.rules, options_pb2.Rules).reference)
        if kinds is not None and getattr(request, field.name):
            found.append((field.name, kinds))
    return found


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
