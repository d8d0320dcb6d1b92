"""Pictures that requests begin with: read from object storage, brought to the size the model works at, and, for
inpainting, put back into what surrounds them."""

import hashlib
import io
import math
import warnings
from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image, ImageChops, ImageFilter, ImageOps

from services.diffusion import metadata
from services.diffusion.faults import CannotSample
from services.diffusion.model import ModelCard
from services.kit.failures import BadInput, NotFound
from services.kit.objects import ObjectStore

Fit = Literal["crop", "pad", "stretch"]
# What is opened; whatever else Pillow knows stays closed.
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_MAX_PIXELS = 100_000_000


@dataclass(frozen=True)
class Read:
    """A picture out of object storage."""

    image: Image.Image
    """Upright; RGB or RGBA."""
    sha256: str
    """Of the file, hex."""
    settings: dict[str, Any] | None
    """How it was made, if it is one of ours and says so."""


async def read(objects: ObjectStore, uri: str, field: str) -> Read:
    """A request's picture; raises `BadInput` naming the field if it is gone or is none."""
    try:
        content = await objects.read(uri)
    except NotFound:
        raise BadInput.of(field, "is no longer there; it was deleted before the job began") from None
    return Read(_opened(content, field), hashlib.sha256(content).hexdigest(), metadata.read(content))


def _opened(content: bytes, field: str) -> Image.Image:
    with warnings.catch_warnings():
        # The limit is checked below.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
            if image.width * image.height > _MAX_PIXELS:
                raise BadInput.of(field, f"has {image.width} × {image.height} pixels, more than {_MAX_PIXELS:,}")
            upright = ImageOps.exif_transpose(image)
            transparent = "A" in upright.getbands() or "transparency" in upright.info
            return upright.convert("RGBA" if transparent else "RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise BadInput.of(field, f"cannot be read: {error}") from None


def opaque(image: Image.Image) -> Image.Image:
    """RGB; what is transparent becomes white."""
    if image.mode != "RGBA":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def size_near(card: ModelCard, width: int, height: int, max_area: float) -> tuple[int, int]:
    """The size nearest to a picture's at which a model may work: its shape, in multiples the model needs."""
    most = card.native_width * card.native_height * max_area
    scale = min(1.0, math.sqrt(most / (width * height)))
    step = card.multiple

    def side(pixels: int) -> int:
        return max(step * math.ceil(64 / step), math.floor(pixels * scale / step) * step)

    return side(width), side(height)


def fitted(image: Image.Image, width: int, height: int, fit: Fit) -> Image.Image:
    """The picture at exactly this size."""
    size = (width, height)
    if image.size == size:
        return image
    if fit == "stretch":
        return image.resize(size, Image.Resampling.LANCZOS)
    if fit == "crop":
        return ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    small = ImageOps.contain(image, size, Image.Resampling.LANCZOS)
    left, top = (width - small.width) // 2, (height - small.height) // 2
    whole = Image.new(image.mode, size)
    # The colours at its edges go on outwards.
    whole.paste(small.resize(size, box=(0, 0, small.width, small.height)))
    if left:
        whole.paste(small.crop((0, 0, 1, small.height)).resize((left, height)), (0, 0))
        right = width - left - small.width
        whole.paste(
            small.crop((small.width - 1, 0, small.width, small.height)).resize((right, height)), (width - right, 0)
        )
    if top:
        whole.paste(small.crop((0, 0, small.width, 1)).resize((width, top)), (0, 0))
        below = height - top - small.height
        whole.paste(
            small.crop((0, small.height - 1, small.width, small.height)).resize((width, below)), (0, height - below)
        )
    whole.paste(small, (left, top))
    return whole


@dataclass(frozen=True)
class Retouch:
    """A part of a picture to be made anew: what the model is given, and how its answer is put back."""

    image: Image.Image
    """RGB, at the size the model works at."""
    mask: Image.Image
    """Mode L, of the same size: white where it is made anew."""
    _whole: Image.Image
    _soft: Image.Image
    _box: tuple[int, int, int, int]

    def put_back(self, made: Image.Image) -> Image.Image:
        """The whole picture with what was made; where the mask is black no pixel has changed."""
        left, top, right, bottom = self._box
        part = made.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        whole = self._whole.copy()
        whole.paste(part, (left, top), self._soft.crop(self._box))
        return whole


def retouch(
    image: Image.Image,
    mask: Image.Image,
    card: ModelCard,
    max_area: float,
    *,
    blur: int,
    invert: bool,
    only_masked: bool,
    padding: int,
) -> Retouch:
    """Prepare inpainting. `mask` may be of any size of the picture's shape; `blur` and `padding` are the picture's
    pixels. Raises `CannotSample` if nothing is masked."""
    whole = opaque(image)
    hard = _mask(mask).resize(whole.size, Image.Resampling.NEAREST)
    if invert:
        hard = ImageChops.invert(hard)
    bounds = hard.getbbox()
    if bounds is None:
        raise CannotSample("mask", "masks nothing: no part of it is white")
    soft = hard.filter(ImageFilter.GaussianBlur(blur)) if blur else hard
    box = _with_surroundings(bounds, padding + blur, whole.size) if only_masked else (0, 0, *whole.size)
    part = whole.crop(box)
    size = _working_size(part.size, card, max_area) if only_masked else size_near(card, *part.size, max_area)
    work = part.resize(size, Image.Resampling.LANCZOS)
    # The model makes all that shows through anew.
    masked = soft.crop(box).point([0] + [255] * 255).resize(size, Image.Resampling.NEAREST)
    return Retouch(work, masked, whole, soft, box)


def _mask(mask: Image.Image) -> Image.Image:
    """Mode L, of 0 and 255. What is transparent is black."""
    if mask.mode == "RGBA":
        mask = Image.alpha_composite(Image.new("RGBA", mask.size, "black"), mask)
    return mask.convert("L").point([0] * 128 + [255] * 128)


def _with_surroundings(
    box: tuple[int, int, int, int], padding: int, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return max(0, left - padding), max(0, top - padding), min(size[0], right + padding), min(size[1], bottom + padding)


def _working_size(part: tuple[int, int], card: ModelCard, max_area: float) -> tuple[int, int]:
    """A part's shape with about as many pixels as the model was trained for."""
    grown = math.sqrt(card.native_width * card.native_height / (part[0] * part[1]))
    return size_near(card, round(part[0] * max(grown, 1.0)), round(part[1] * max(grown, 1.0)), max_area)
