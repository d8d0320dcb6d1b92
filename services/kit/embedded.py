"""What a picture or video file says about how it was made: A1111's `parameters` text and Atelier's own JSON, which the
diffusion service writes (its `metadata.py`).

PNG: the text chunks `parameters` and `atelier`. JPEG and WebP: EXIF UserComment and MakerNote. GIF: its comment.
MP4: the tags `comment` and `description`. Only these are read, never a pixel, so that the size of the picture costs
nothing. Needs Pillow, which every service that reads pictures has.
"""

import json
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# EXIF 2.32 (CIPA DC-008): tags of the Exif IFD. UserComment is led by its character code.
EXIF_IFD = 0x8769
USER_COMMENT = 0x9286
MAKER_NOTE = 0x927C
NOTE_MARK = b"Atelier\x00"
GIF_MARK = "\nAtelier: "
_MOST_BYTES = 1024 * 1024
# ISO/IEC 14496-12 boxes on the way to the list of tags; `meta` has four bytes before its children.
_PATH = (b"moov", b"udta", b"meta", b"ilst")
_MOST_BOXES = 1_000


@dataclass(frozen=True)
class Notes:
    """What a file says."""

    text: str = ""
    """A1111's `parameters`; "" if there are none."""
    document: dict[str, Any] | None = None
    """Atelier's own settings."""


def read(path: Path) -> Notes:
    """What a file says; nothing if it is broken or of another kind."""
    try:
        with path.open("rb") as file:
            return read_open(file)
    except OSError:
        return Notes()


def read_open(file: BinaryIO) -> Notes:
    """The same of a file that is open, at its beginning."""
    try:
        return _of_clip(file) if file.read(12)[4:8] == b"ftyp" else _of_picture(file)
    except (OSError, ValueError, SyntaxError, zlib.error, struct.error, Image.DecompressionBombError):
        # Pillow raises SyntaxError for some broken files.
        return Notes()


def _of_picture(file: BinaryIO) -> Notes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(file, formats=FORMATS) as image:
            if image.format == "GIF":
                comment = _bytes(image.info.get("comment")).decode(errors="replace")
                text, mark, document = comment.rpartition(GIF_MARK)
                return _notes(text, document) if mark else _notes(document, "")
            exif = image.getexif().get_ifd(EXIF_IFD)
            text = image.info.get("parameters") or _comment(_bytes(exif.get(USER_COMMENT)))
            document = image.info.get("atelier") or _note(_bytes(exif.get(MAKER_NOTE)))
            return _notes(text, document)


def _notes(text: object, document: object) -> Notes:
    found = settings_in(document) if isinstance(document, str) else None
    return Notes(text.replace("\0", "").strip() if isinstance(text, str) else "", found)


def settings_in(document: str) -> dict[str, Any] | None:
    """Atelier's settings out of their JSON; None for what is broken or somebody else's."""
    try:
        known = json.loads(document) if document else None
    except (ValueError, RecursionError):
        # It comes from anyone: it may be nested deeper than anyone would.
        return None
    return cast(dict[str, Any], known) if isinstance(known, dict) else None


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else b""


def _comment(value: bytes) -> str:
    code, said = value[:8], value[8:]
    if code == b"UNICODE\0":
        # The standard leaves the order of bytes to the writer; most of what is written has a zero for every other byte.
        little = said[1::2].count(0) > said[0::2].count(0)
        return said.decode("utf-16-le" if little else "utf-16-be", errors="replace")
    return said.decode(errors="replace") if code in (b"ASCII\0\0\0", b"\0" * 8) else value.decode(errors="replace")


def _note(value: bytes) -> str:
    if not value.startswith(NOTE_MARK):
        return ""
    # Files come from anyone: a bomb ends here instead of in memory.
    unpacked = zlib.decompressobj()
    document = unpacked.decompress(value.removeprefix(NOTE_MARK), _MOST_BYTES)
    return document.decode() if unpacked.eof else ""


def _of_clip(file: BinaryIO) -> Notes:
    file.seek(0, 2)
    start, end = 0, file.tell()
    for name in _PATH:
        place = next(((begin, until) for kind, begin, until in _boxes(file, start, end) if kind == name), None)
        if place is None:
            return Notes()
        start, end = place
        if name == b"meta":
            start += 4
    said = {kind: _tag(file, begin, until) for kind, begin, until in _boxes(file, start, end)}
    return _notes(said.get(b"\xa9cmt", ""), said.get(b"desc", ""))


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of the content of each box between two places."""
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            head = 16
        until = end if size == 0 else start + size
        if until > end or until < start + head:
            return
        yield kind, start + head, until
        start = until


def _tag(file: BinaryIO, start: int, end: int) -> str:
    for kind, begin, until in _boxes(file, start, end):
        if kind == b"data" and until - begin <= _MOST_BYTES:
            file.seek(begin + 8)
            return file.read(until - begin - 8).decode(errors="replace")
    return ""
