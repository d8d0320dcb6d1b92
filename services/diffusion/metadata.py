"""Settings kept in the file itself: A1111's readable `parameters` text, and Atelier's own JSON.

PNG: the text chunks `parameters` and `atelier`. JPEG and WebP: EXIF UserComment, where A1111 looks, and EXIF MakerNote.
MP4: the tags `comment` and `description`. GIF: both in its comment.
"""

import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.kit import a1111, embedded

_JSON_KEY = "atelier"
_TEXT_KEY = "parameters"
_CLIP_KEY = "description"
_UNICODE = b"UNICODE\x00"
# A JPEG segment has a length of two bytes, which EXIF's own header shares.
_EXIF_ROOM = 65_000

CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


@dataclass(frozen=True)
class Encoded:
    """An image file and its MIME type."""

    data: bytes
    content_type: str


@dataclass(frozen=True)
class Notes:
    """What a file says about how it was made."""

    text: str
    """A1111's `parameters`."""
    document: str
    """JSON."""


def notes(settings: dict[str, Any]) -> Notes:
    """The settings as a file carries them; equal input, equal text."""
    return Notes(parameters(settings), json.dumps(settings, sort_keys=True, ensure_ascii=False))


def parameters(settings: dict[str, Any]) -> str:
    """The settings in the form that AUTOMATIC1111's web UI writes and most tools read."""
    if "scale" in settings:
        return _of_upscaled(settings)
    beside = (f" <lora:{lora['model']}:{lora['weight']:g}>" for lora in settings.get("loras", ()))
    lines = [settings["prompt"] + "".join(beside)]
    if settings["negative_prompt"]:
        lines.append(f"Negative prompt: {settings['negative_prompt']}")
    lines.append(
        f"Steps: {settings['steps']}, Sampler: {settings['sampler_label']}, CFG scale: {settings['cfg_scale']:g}, "
        f"Seed: {settings['seed']}, Size: {settings['width']}x{settings['height']}, "
        f"Model hash: {settings['model_hash'][:10]}, Model: {a1111.quoted(settings['model'])}, {_of_source(settings)}"
        f"{_of_loras(settings)}{_of_axes(settings)}"
        f"Version: Atelier {settings['versions']['atelier']}"
    )
    return "\n".join(lines)


def _of_upscaled(settings: dict[str, Any]) -> str:
    """What the source said, and as that web UI adds to it, the upscaler."""
    source: dict[str, Any] = settings.get("source") or {}
    said = f"{parameters(source)}, " if source else ""
    return f"{said}Postprocess upscale by: {settings['scale']}, Postprocess upscaler: {settings['model']}"


def _of_source(settings: dict[str, Any]) -> str:
    found = f"Denoising strength: {settings['strength']:g}, " if "strength" in settings else ""
    if "duration_s" in settings:
        camera = settings["camera"]
        found += f"Duration: {settings['duration_s']:g} s, FPS: {settings['fps']}, Camera: {camera['move']} "
        found += f"{camera['intensity']:g}, Motion: {settings['motion_intensity']:g}, "
    return found + (f"Mask blur: {settings['mask_blur']}, " if "mask_blur" in settings else "")


def _of_loras(settings: dict[str, Any]) -> str:
    hashes = ", ".join(f"{name}: {digest[:10]}" for name, digest in settings.get("lora_hashes", {}).items())
    return f'Lora hashes: "{hashes}", ' if hashes else ""


def _of_axes(settings: dict[str, Any]) -> str:
    """The axes of a grid, as that web UI calls them."""
    axes = settings.get("axes", ())
    told = "".join(
        f"{letter} Type: {axis['field'].replace('_', ' ')}, "
        f"{letter} Values: {a1111.quoted(', '.join(map(str, axis['values'])))}, "
        for letter, axis in zip("XYZ", axes, strict=False)
    )
    return f"Script: X/Y/Z plot, {told}" if axes else ""


def encode(image: Image.Image, image_format: str, settings: dict[str, Any]) -> Encoded:
    """The image as a file of `image_format` (png, jpeg, webp) that carries its settings; equal input, equal bytes."""
    buffer = io.BytesIO()
    save(image, buffer, image_format, settings)
    return Encoded(buffer.getvalue(), CONTENT_TYPES[image_format])


def save(image: Image.Image, file: Path | BinaryIO, image_format: str, settings: dict[str, Any]) -> None:
    """The same into a file, for what is large. JPEG knows no transparency: give it an opaque picture."""
    said = notes(settings)
    if image_format == "png":
        info = PngInfo()
        info.add_text(_TEXT_KEY, said.text)
        info.add_text(_JSON_KEY, said.document)
        image.save(file, "PNG", pnginfo=info)
    else:
        image.save(file, image_format.upper(), quality=95, exif=_exif(said))


def webp_exif(said: Notes) -> bytes:
    """The EXIF chunk of a WebP file."""
    return _exif(said).removeprefix(b"Exif\0\0")


def gif_comment(said: Notes) -> bytes:
    """The comment of a GIF."""
    return f"{said.text}\n{embedded.GIF_MARK}{said.document}".encode()


def _exif(said: Notes) -> bytes:
    """Both texts as EXIF; the readable one is left out where the two are longer than EXIF can be."""
    note = embedded.NOTE_MARK + zlib.compress(said.document.encode(), 9)
    comment = _UNICODE + said.text.encode("utf-16-be")
    exif = Image.Exif()
    tags = exif.get_ifd(embedded.EXIF_IFD)
    tags[embedded.MAKER_NOTE] = note
    if len(note) + len(comment) < _EXIF_ROOM:
        tags[embedded.USER_COMMENT] = comment
    return exif.tobytes()


def read(data: bytes) -> dict[str, Any] | None:
    """The settings a PNG, JPEG, WebP, GIF or MP4 file of ours carries; None if it carries none or is no such file."""
    return embedded.read_open(io.BytesIO(data)).document


def settings_in(tags: Mapping[str, str]) -> dict[str, Any] | None:
    """The settings among the tags of a clip; None if there are none."""
    return embedded.settings_in(tags.get(_CLIP_KEY, ""))
