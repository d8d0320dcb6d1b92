"""Multipart uploads, written to disk as they come in; no part is ever held in memory whole (RFC 7578)."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import python_multipart as multipart
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from gateway import footage, sniff, thumbnails
from gateway.catalog import assets
from gateway.catalog.models import AssetRow, now
from gateway.state import Parts
from services.kit.failures import BadInput, Failure
from services.kit.ids import new_ulid

FIELD = "files"
_MAX_HEADER = 8192
_NAME_LENGTH = 200


@dataclass(frozen=True)
class Upload:
    """A received file and what it really is."""

    path: Path
    name: str
    size: int
    sha256: str
    content_type: str


class _Part:
    """One part being received."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.size = 0
        self.head = b""
        self._digest = hashlib.sha256()
        self._file = path.open("wb")

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if len(self.head) < sniff.HEAD_BYTES:
            self.head += data[: sniff.HEAD_BYTES - len(self.head)]
        self._digest.update(data)
        self._file.write(data)

    def close(self) -> Upload:
        self._file.close()
        return Upload(self.path, self.name, self.size, self._digest.hexdigest(), sniff.content_type(self.head))

    def abandon(self) -> None:
        self._file.close()


class _Receiver:
    """Takes the parser's callbacks; runs in a worker thread, one chunk at a time."""

    def __init__(self, boundary: bytes, folder: Path, max_files: int) -> None:
        self.uploads: list[Upload] = []
        self.other_fields: list[str] = []
        self._folder = folder
        self._max_files = max_files
        self._part: _Part | None = None
        self._headers: dict[str, str] = {}
        self._field = b""
        self._value = b""
        self.complete = False
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
            "on_end": self._complete,
        }
        self._parser = multipart.MultipartParser(boundary, callbacks)

    def write(self, data: bytes) -> None:
        self._parser.write(data)

    def finish(self) -> None:
        self._parser.finalize()

    def abandon(self) -> None:
        if self._part is not None:
            self._part.abandon()

    def _begin(self) -> None:
        self._headers = {}

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._check_header()

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._field) + len(self._value) > _MAX_HEADER:
            raise Failure("A part of the upload has an oversized header.", code="malformed")

    def _on_header(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._field = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        field = options.get(b"name", b"").decode(errors="replace")
        if field != FIELD or b"filename" not in options:
            self.other_fields.append(field)
            return
        if len(self.uploads) >= self._max_files:
            raise BadInput.of(FIELD, f"more than {self._max_files} files at once are not taken")
        name = plain_name(options[b"filename"].decode(errors="replace"))
        self._part = _Part(self._folder / str(len(self.uploads)), name)

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._part is not None:
            self._part.write(data[start:end])

    def _end(self) -> None:
        if self._part is not None:
            self.uploads.append(self._part.close())
            self._part = None

    def _complete(self) -> None:
        self.complete = True


async def receive(request: Request, folder: Path, max_files: int) -> list[Upload]:
    """The request's files, written into `folder`. Raises failures for anything but a well-formed form with `files`."""
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if content_type != b"multipart/form-data" or not boundary:
        raise Failure("Uploads are sent as multipart/form-data.", code="unsupported_media_type")
    try:
        receiver = _Receiver(boundary, folder, max_files)
        try:
            async for chunk in request.stream():
                if chunk:
                    await asyncio.to_thread(receiver.write, chunk)
            await asyncio.to_thread(receiver.finish)
        finally:
            receiver.abandon()
    except FormParserError as error:
        raise Failure(f"The upload is not well formed: {error}.", code="malformed") from None
    if not receiver.complete:
        raise Failure("The upload ends before its last boundary.", code="malformed")
    if not receiver.uploads:
        others = f"; there is only {', '.join(receiver.other_fields[:5])}" if receiver.other_fields else ""
        raise BadInput.of(FIELD, f"at least one file is required{others}")
    return receiver.uploads


async def keep(parts: Parts, owner_id: str, received: Sequence[Upload]) -> list[AssetRow]:
    """Make files an owner's assets, all or none. Raises a `bad_image` failure for a broken picture."""
    rows = [await _described(parts, owner_id, upload) for upload in received]
    stored: list[str] = []
    try:
        for upload, row in zip(received, rows, strict=True):
            await parts.objects.put(row["key"], upload.path, upload.content_type, sha256=upload.sha256)
            stored.append(row["key"])
        async with parts.database.write() as session:
            await assets.insert(session, rows)
    except BaseException:
        for key in stored:
            await parts.objects.delete(key)
        raise
    return [AssetRow(**row) for row in rows]


async def _described(parts: Parts, owner_id: str, upload: Upload) -> dict[str, Any]:
    limit = parts.settings.max_image_pixels
    width, height = await asyncio.to_thread(thumbnails.dimensions, str(upload.path), upload.content_type, limit)
    duration_s = 0.0
    if upload.content_type in footage.CONTENT_TYPES:
        width, height, duration_s = await _of_video(upload, limit)
    asset_id = new_ulid()
    return {
        "id": asset_id,
        "owner_id": owner_id,
        "project_id": None,
        "job_id": None,
        "kind": sniff.kind(upload.content_type),
        "key": f"assets/{owner_id}/uploads/{asset_id}{sniff.extension(upload.content_type)}",
        "name": upload.name,
        "content_type": upload.content_type,
        "size": upload.size,
        "sha256": upload.sha256,
        "index": 0,
        "width": width,
        "height": height,
        "duration_s": duration_s,
        "provenance": {},
        "created_at": now(),
    }


async def _of_video(upload: Upload, max_pixels: int) -> tuple[int, int, float]:
    """Width, height and seconds; zeros for one that is not understood here, which others may play all the same."""
    try:
        found = await footage.look(upload.path, thumbnails.SIDE, max_pixels)
    except Failure:
        return 0, 0, 0.0
    return found.width, found.height, found.duration_s


def plain_name(given: str) -> str:
    """A file name without folders or control characters."""
    last = PureWindowsPath(PurePosixPath(given).name).name
    return "".join(c if c.isprintable() else "_" for c in last).strip()[-_NAME_LENGTH:]
