"""What a file really is, by its first bytes. What a client claims is not believed."""

import mimetypes
from collections.abc import Mapping

# Offset and bytes (https://mimesniff.spec.whatwg.org and the formats' own specifications).
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (8, b"AVI ", "video/x-msvideo"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
)
# Formats inside RIFF share its first four bytes.
_RIFF = frozenset({"image/webp", "video/x-msvideo", "audio/wav"})
HEAD_BYTES = 4096
# The types a browser may show under our name: none of them can carry script.
INLINE = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "video/mp4",
        "video/webm",
        "audio/wav",
        "audio/mpeg",
        "audio/flac",
        "audio/ogg",
        "text/plain",
    }
)


def content_type(head: bytes) -> str:
    """MIME type of a file that begins with `head` (up to `HEAD_BYTES` bytes of it)."""
    for offset, signature, name in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature and (name not in _RIFF or head[:4] == b"RIFF"):
            return name
    return _text_type(head)


def _text_type(head: bytes) -> str:
    if b"\0" in head:
        return "application/octet-stream"
    try:
        # A character may be cut off at the end of what was read.
        text = head[:-4].decode() + head[-4:].decode(errors="ignore") if len(head) >= HEAD_BYTES else head.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    start = text.lstrip("\ufeff \t\r\n")[:512].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body", "<script", "<iframe")):
        return "text/html"
    if start.startswith("<svg") or (start.startswith(("<?xml", "<!--", "<!doctype svg")) and "<svg" in start):
        return "image/svg+xml"
    if start.startswith("<?xml"):
        return "application/xml"
    if start.startswith(("{", "[")):
        return "application/json"
    return "text/plain"


def kind(mime: str) -> str:
    """The asset's kind: `image`, `video`, `audio`, `text` or `file`."""
    family = mime.partition("/")[0]
    if family in ("image", "video", "audio") and mime in INLINE:
        return family
    return "text" if mime in ("text/plain", "application/json") else "file"


_EXTENSIONS: Mapping[str, str] = {
    "image/webp": ".webp",
    "image/avif": ".avif",
    "audio/wav": ".wav",
    "video/webm": ".webm",
}


def extension(content_type: str) -> str:
    """What the name of such a file ends with, dot included."""
    return _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"
