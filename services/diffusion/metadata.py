"""Settings kept in the picture itself: A1111's readable `parameters` text, and Atelier's own JSON.

PNG: the text chunks `parameters` and `atelier`. JPEG and WebP: EXIF UserComment, where A1111 looks, and EXIF MakerNote.
"""

import io
import json
import zlib
from dataclasses import dataclass
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.kit import a1111

_JSON_KEY = "atelier"
_TEXT_KEY = "parameters"
# EXIF 2.32 (CIPA DC-008): tags of the Exif IFD. UserComment is led by its character code.
_EXIF_IFD = 0x8769
_USER_COMMENT = 0x9286
_MAKER_NOTE = 0x927C
_UNICODE = b"UNICODE\x00"
_NOTE = b"Atelier\x00"
# A JPEG segment has a length of two bytes, which EXIF's own header shares.
_EXIF_ROOM = 65_000
_MOST_JSON = 1024 * 1024

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


@dataclass(frozen=True)
class Encoded:
    """An image file and its MIME type."""

    data: bytes
    content_type: str


def parameters(settings: dict[str, Any]) -> str:
    """The settings in the form that AUTOMATIC1111's web UI writes and most tools read."""
    lines = [settings["prompt"]]
    if settings["negative_prompt"]:
        lines.append(f"Negative prompt: {settings['negative_prompt']}")
    lines.append(
        f"Steps: {settings['steps']}, Sampler: {settings['sampler_label']}, CFG scale: {settings['cfg_scale']:g}, "
        f"Seed: {settings['seed']}, Size: {settings['width']}x{settings['height']}, "
        f"Model hash: {settings['model_hash'][:10]}, Model: {a1111.quoted(settings['model'])}, {_of_source(settings)}"
        f"Version: Atelier {settings['versions']['atelier']}"
    )
    return "\n".join(lines)


def _of_source(settings: dict[str, Any]) -> str:
    found = f"Denoising strength: {settings['strength']:g}, " if "strength" in settings else ""
    return found + (f"Mask blur: {settings['mask_blur']}, " if "mask_blur" in settings else "")


def encode(image: Image.Image, image_format: str, settings: dict[str, Any]) -> Encoded:
    """The image as a file of `image_format` (png, jpeg, webp) that carries its settings; equal input, equal bytes."""
    text, document = parameters(settings), json.dumps(settings, sort_keys=True, ensure_ascii=False)
    buffer = io.BytesIO()
    if image_format == "png":
        info = PngInfo()
        info.add_text(_TEXT_KEY, text)
        info.add_text(_JSON_KEY, document)
        image.save(buffer, "PNG", pnginfo=info)
    else:
        image.convert("RGB").save(buffer, image_format.upper(), quality=95, exif=_exif(text, document))
    return Encoded(buffer.getvalue(), CONTENT_TYPES[image_format])


def _exif(text: str, document: str) -> bytes:
    """Both texts as EXIF; the readable one is left out where the two are longer than EXIF can be."""
    note = _NOTE + zlib.compress(document.encode(), 9)
    comment = _UNICODE + text.encode("utf-16-be")
    exif = Image.Exif()
    tags = exif.get_ifd(_EXIF_IFD)
    tags[_MAKER_NOTE] = note
    if len(note) + len(comment) < _EXIF_ROOM:
        tags[_USER_COMMENT] = comment
    return exif.tobytes()


def read(data: bytes) -> dict[str, Any] | None:
    """The settings a PNG, JPEG or WebP file of ours carries; None if it carries none or is no such file."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            document = image.info.get(_JSON_KEY) or _note(image)
        settings = json.loads(document) if document else None
    except (OSError, ValueError, SyntaxError, zlib.error):
        # Pillow raises SyntaxError for some broken files.
        return None
    return settings if isinstance(settings, dict) else None


def _note(image: Image.Image) -> str | None:
    note = image.getexif().get_ifd(_EXIF_IFD).get(_MAKER_NOTE)
    if not isinstance(note, bytes) or not note.startswith(_NOTE):
        return None
    # Uploads come from anyone: a bomb ends here instead of in memory.
    unpacked = zlib.decompressobj()
    document = unpacked.decompress(note.removeprefix(_NOTE), _MOST_JSON)
    return document.decode() if unpacked.eof else None
