"""Reading settings out of a file, in the terms of our own requests."""

import asyncio
from typing import Any, Literal

from google.protobuf.message import Message
from pydantic import ValidationError

from gateway import asset_schemas as schemas
from gateway import thumbnails
from gateway.claims import Upload
from services.kit import a1111, embedded
from services.kit.contract import contract
from services.kit.failures import BadInput

_SERVICE = "diffusion"
_READ = ("image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4")
# What provenance says besides what a request takes.
_TOLD_ELSEWHERE = frozenset({"kind", "model_hash", "sampler_label", "versions"})


async def inspect(upload: Upload, max_pixels: int) -> schemas.Inspection:
    """What a file carries; raises `BadInput` for one of a kind that carries no settings."""
    if upload.content_type not in _READ:
        known = "pictures and MP4 can be read"
        raise BadInput.of("files", f"{upload.name or 'the file'} is {upload.content_type}; {known}")
    width, height = await asyncio.to_thread(thumbnails.check, upload.path, upload.content_type, max_pixels)
    notes = await asyncio.to_thread(embedded.read, upload.path)
    written_by: Literal["atelier", "a1111"] | None = None
    mode, values, unread = None, dict[str, Any](), list[schemas.UnreadSetting]()
    if notes.document is not None and isinstance(notes.document.get("kind"), str):
        written_by = "atelier"
        mode, values, unread = _ours(notes.document)
    elif notes.text:
        parameters = a1111.parse(notes.text)
        if parameters.values:
            written_by = "a1111"
            mode, values, unread = _theirs(parameters)
    return schemas.Inspection(
        written_by=written_by,
        mode=mode,
        settings=values,
        unread=unread,
        text=notes.text,
        content_type=upload.content_type,
        size=upload.size,
        width=width,
        height=height,
    )


_Found = tuple[str | None, dict[str, Any], list[schemas.UnreadSetting]]


def _ours(document: dict[str, Any]) -> _Found:
    service, _, name = document["kind"].partition(".")
    method = contract.methods.get(document["kind"])
    if service != _SERVICE or method is None or not method.is_job:
        reason = "is a kind of work that is not known here"
        return None, {}, [schemas.UnreadSetting(name="kind", value=document["kind"][:200], reason=reason)]
    given = {key: value for key, value in document.items() if key not in _TOLD_ELSEWHERE}
    values, refused = fitting(method.request_type, given)
    # What only provenance has (hashes of sources) is no setting.
    fields = set(contract.model(method.request_type).model_fields)
    return _mode(name), values, [one for one in refused if one.name in fields]


def _theirs(parameters: a1111.Parameters) -> _Found:
    read = a1111.settings(parameters)
    method = contract.methods[f"{_SERVICE}.{read.method}"]
    given = {key: value for key, value in read.values.items() if key not in _TOLD_ELSEWHERE}
    values, refused = fitting(method.request_type, given)
    unread = [schemas.UnreadSetting(name=one.name, value=one.value, reason=one.reason) for one in read.unread]
    return _mode(read.method), values, [*unread, *refused]


def fitting(request: type[Message], given: dict[str, Any]) -> tuple[dict[str, Any], list[schemas.UnreadSetting]]:
    """Those settings that a request takes, and why it does not take the others."""
    try:
        contract.model(request).model_validate(given)
    except ValidationError as error:
        faults = {str(one["loc"][0]): one["msg"] for one in error.errors() if one["loc"]}
    else:
        faults = dict[str, str]()
    values = {name: value for name, value in given.items() if name not in faults}
    refused = [
        schemas.UnreadSetting(name=name, value=str(value)[:2000], reason=faults[name])
        for name, value in given.items()
        if name in faults
    ]
    return values, refused


def _mode(method: str) -> str:
    return method.replace("_", "-")
