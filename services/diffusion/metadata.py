"""Settings kept in the picture itself: A1111's readable `parameters` text and Atelier's own JSON."""

import io
import json
from dataclasses import dataclass
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

_JSON_KEY = "atelier"
_TEXT_KEY = "parameters"
# EXIF (CIPA DC-008): UserComment in the Exif IFD, led by its character code.
_EXIF_IFD = 0x8769
_USER_COMMENT = 0x9286
_UNICODE = b"UNICODE\x00"

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
        f"Steps: {settings['steps']}, Sampler: {settings['sampler']}, CFG scale: {settings['cfg_scale']}, "
        f"Seed: {settings['seed']}, Size: {settings['width']}x{settings['height']}, "
        f"Model hash: {settings['model_hash'][:10]}, Model: {settings['model']}"
    )
    return "\n".join(lines)


def encode(image: Image.Image, image_format: str, settings: dict[str, Any]) -> Encoded:
    """The image as a file of `image_format` (png, jpeg, webp) that carries its settings; the same input gives the same bytes."""
    text, document = parameters(settings), json.dumps(settings, sort_keys=True)
    buffer = io.BytesIO()
    if image_format == "png":
        info = PngInfo()
        info.add_itxt(_TEXT_KEY, text)
        info.add_itxt(_JSON_KEY, document)
        image.save(buffer, "PNG", pnginfo=info)
    else:
        exif = Image.Exif()
        comment = _UNICODE + json.dumps({_TEXT_KEY: text, _JSON_KEY: settings}, sort_keys=True).encode("utf-16-be")
        exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = comment
        image.convert("RGB").save(buffer, image_format.upper(), quality=95, exif=exif)
    return Encoded(buffer.getvalue(), CONTENT_TYPES[image_format])


def read(data: bytes) -> dict[str, Any] | None:
    """The settings an image file of ours carries; None if it carries none."""
    with Image.open(io.BytesIO(data)) as image:
        if _JSON_KEY in image.info:
            return json.loads(image.info[_JSON_KEY])
        comment = image.getexif().get_ifd(_EXIF_IFD).get(_USER_COMMENT)
    if not isinstance(comment, bytes) or not comment.startswith(_UNICODE):
        return None
    return json.loads(comment.removeprefix(_UNICODE).decode("utf-16-be"))[_JSON_KEY]
