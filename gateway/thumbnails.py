"""Small pictures of assets, made once and kept in object storage."""

import asyncio
import io
import mmap
import tempfile
import warnings
from pathlib import Path
from typing import BinaryIO, Literal

from PIL import Image, ImageOps, UnidentifiedImageError

from gateway import footage
from gateway.catalog.models import AssetRow
from services.kit.failures import Failure, NotFound
from services.kit.objects import ObjectStore

SIDE = 384
CONTENT_TYPE = "image/webp"
# Only what Pillow decodes safely and we expect; everything else it could open stays closed.
_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/avif": "AVIF",
}
_MAX_BYTES = 64 * 1024**2
# Decoding a large picture takes a core for a while and some hundred megabytes.
_AT_ONCE = 2
_SMALLER = "Make it smaller first."


def is_picture(content_type: str) -> bool:
    """True for content that can be shown smaller."""
    return content_type in _FORMATS


def has_thumbnail(content_type: str) -> bool:
    """True for content of which there is a thumbnail: pictures, and videos by their first frame."""
    return is_picture(content_type) or content_type in footage.CONTENT_TYPES


def key_of(row: AssetRow) -> str:
    """Where an asset's thumbnail is kept. It follows from the content, so a replaced content gets a new one."""
    return f"thumbnails/{row.owner_id}/{row.id}/{row.sha256[:16] or 'content'}-{SIDE}.webp"


class Thumbnails:
    """Makes thumbnails and remembers them in object storage."""

    def __init__(self, objects: ObjectStore, max_pixels: int) -> None:
        """Pictures of more than `max_pixels` are not decoded."""
        self._objects = objects
        self._max_pixels = max_pixels
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def get(self, row: AssetRow) -> bytes:
        """The thumbnail as WebP, at most `SIDE` pixels wide and high.

        Raises `NotFound` if there is none of such content, and a `bad_image` failure if the content cannot be decoded.
        """
        pictures = is_picture(row.content_type)
        if not has_thumbnail(row.content_type) or (pictures and row.size > _MAX_BYTES):
            raise NotFound(f"There is no thumbnail of {row.content_type} content of {row.size:,} bytes.")
        key = key_of(row)
        kept = await self._objects.get_or_none(key)
        if kept is not None:
            return kept
        made = await (self._of_picture(row) if pictures else self._of_video(row))
        await self._objects.put(key, made, CONTENT_TYPE)
        return made

    async def _of_picture(self, row: AssetRow) -> bytes:
        content = await self._objects.get(row.key)
        async with self._slots:
            return await asyncio.to_thread(scaled, content, row.content_type, self._max_pixels)

    async def _of_video(self, row: AssetRow) -> bytes:
        # Where the frames are is often said at the end of the file, so all of it is fetched, to disk.
        with tempfile.TemporaryDirectory(prefix="footage-") as folder:
            path = Path(folder) / "video"
            with path.open("wb") as file:
                async for piece in self._objects.stream(row.key):
                    await asyncio.to_thread(file.write, piece)
            return (await footage.look(path, SIDE, self._max_pixels)).poster


def check(path: Path, content_type: str, max_pixels: int) -> tuple[int, int]:
    """Width and height of an image file; (0, 0) if it is no image. No pixel is decoded.

    Raises a `bad_image` failure if its header is broken or promises more than `max_pixels`, or if it was cut off.
    """
    if content_type not in _FORMATS:
        return 0, 0
    with _opened(str(path), _FORMATS[content_type], max_pixels) as image:
        size = image.size
    if not _is_whole(path, content_type):
        raise _bad("it ends too early")
    return size


def _is_whole(path: Path, content_type: str) -> bool:
    """False for a file that was cut off, as far as its form tells. Nothing of it is held in memory."""
    with path.open("rb") as file:
        match content_type:
            case "image/png":
                return _reaches_the_end(file)
            case "image/jpeg":
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    # In a scan 0xFF is always followed by something else than the mark of the end (ITU-T T.81, B.1.1).
                    return content.find(b"\xff\xd9", max(content.rfind(b"\xff\xda"), 0)) >= 0
            case "image/webp":
                return path.stat().st_size >= int.from_bytes(file.read(8)[4:], "little") + 8
            case _:
                return True


def _reaches_the_end(file: BinaryIO) -> bool:
    """Whether the chunks of a PNG go on to the last one: a length, a name, so many bytes, a checksum."""
    size = file.seek(0, 2)
    at = len(b"\x89PNG\r\n\x1a\n")
    while at + 12 <= size:
        file.seek(at)
        length, name = int.from_bytes(file.read(4)), file.read(4)
        at += 12 + length
        if name == b"IEND":
            return at <= size
    return False


def scaled(
    content: bytes,
    content_type: str,
    max_pixels: int,
    *,
    side: int = SIDE,
    image_format: Literal["WEBP", "JPEG"] = "WEBP",
) -> bytes:
    """The first frame, upright, at most `side` pixels wide and high, encoded anew; JPEG puts it on white.

    Raises a `bad_image` failure.
    """
    with _opened(content, _FORMATS[content_type], max_pixels) as image:
        try:
            # Lets the JPEG decoder skip what is thrown away anyhow.
            image.draft("RGB", (side * 2, side * 2))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((side, side), Image.Resampling.LANCZOS)
            mode = "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
            shown = upright.convert(mode)
            if image_format == "JPEG" and mode == "RGBA":
                shown = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")
            out = io.BytesIO()
            options = {"quality": 85} if image_format == "JPEG" else {"quality": 80, "method": 4}
            shown.save(out, image_format, **options)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise _bad(str(error)) from error
        return out.getvalue()


def _opened(content: str | bytes, image_format: str, max_pixels: int) -> Image.Image:
    with warnings.catch_warnings():
        # Our own limit is checked below; Pillow's warning at half of its would only add noise.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(content) if isinstance(content, bytes) else content, formats=[image_format])
        except Image.DecompressionBombError as error:
            # Pillow's own limit, should ours be beyond it.
            raise _bad(f"it has more pixels than the {max_pixels:,} allowed", _SMALLER) from error
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise _bad(str(error)) from error
    if image.width * image.height > max_pixels:
        image.close()
        raise _bad(f"{image.width} × {image.height} pixels are more than the {max_pixels:,} allowed", _SMALLER)
    return image


def _bad(reason: str, hint: str = "Is the file complete?") -> Failure:
    return Failure(f"The image cannot be read: {reason}.", code="bad_image", hint=hint)
