"""Pictures made larger."""

from pathlib import Path

from PIL import Image

from atelier.v1.common_pb2 import Asset
from atelier.v1.diffusion_pb2 import UpscaleRequest
from services.diffusion import metadata, source
from services.diffusion.upscale import alpha
from services.diffusion.upscale.lanes import Lanes, aside
from services.diffusion.upscale.progress import Canvas, Pace
from services.diffusion.upscale.provenance import settings_of
from services.diffusion.upscale.tiles import Piece, Tile, cut
from services.diffusion.upscale.upscalers import Loaded
from services.kit.contract import contract
from services.kit.failures import BadInput
from services.kit.job import Job

# What a file of a format can hold at most, in pixels of a side.
_MOST_SIDE = {"png": 2**31 - 1, "jpeg": 65_500, "webp": 16_383}


async def enlarge_picture(
    request: UpscaleRequest, job: Job, loaded: Loaded, lanes: Lanes, place: Path, max_pixels: int
) -> Asset:
    """Make a picture larger and store it; `place` is a folder for files on their way."""
    image_format, side = contract.word(request, "format"), request.tile or loaded.upscaler.tile
    read = await source.read(job.objects, request.image, "image")
    check_size(read.image.size, loaded.scale, max_pixels)
    if max(read.image.size) * loaded.scale > (most := _MOST_SIDE[image_format]):
        raise BadInput.of("format", f"a {image_format.upper()} file has sides of at most {most:,} pixels; take png")
    colours, transparency = await aside(job, alpha.parted, read.image)
    large = await _tile_by_tile(colours, loaded, side, lanes, job)
    await job.progress(0.98, stage="saving", message="Writing the file")
    whole = await aside(job, alpha.joined, large, transparency)
    settings = settings_of(job.kind, loaded, side, read.image.size, read.sha256, read.settings)
    path = place / "picture"
    ready = source.opaque(whole) if image_format == "jpeg" else whole
    await aside(job, metadata.save, ready, path, image_format, settings)
    return await job.store(
        path,
        index=0,
        content_type=metadata.CONTENT_TYPES[image_format],
        kind="image",
        width=whole.width,
        height=whole.height,
        provenance=settings,
    )


def check_size(size: tuple[int, int], scale: int, max_pixels: int) -> None:
    """Raise `BadInput` for a result that would have too many pixels."""
    width, height = size[0] * scale, size[1] * scale
    if width * height > max_pixels:
        raise BadInput.of(
            "scale",
            f"would make {width} × {height} pixels; at most {max_pixels / 1e6:g} million are made",
            hint="Take a smaller scale or picture. ATELIER_DIFFUSION_UPSCALE_MAX_MEGAPIXELS allows more.",
        )


async def _tile_by_tile(image: Image.Image, loaded: Loaded, side: int, lanes: Lanes, job: Job) -> Image.Image:
    pace, canvas = Pace(len(cut(*image.size, side))), Canvas(image)

    async def tell(tile: Tile, piece: Piece) -> None:
        canvas.show(tile, piece)
        pace.step()
        message = f"Tile {pace.done} of {pace.whole}"
        await job.progress(
            0.98 * pace.fraction, stage="upscaling", message=message, step=pace.done, steps=pace.whole, eta_s=pace.eta_s
        )
        if pace.preview_due:
            await job.preview(canvas.encoded(), step=pace.done)

    return await lanes.enlarged(image, loaded, side, job, tell)
