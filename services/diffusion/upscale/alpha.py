"""Transparency: it is made larger beside the colours."""

from PIL import Image, ImageFilter

# How far colours go on under what is transparent, in pixels: further than a network's surroundings weigh.
_BLEED = 8


def parted(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours (RGB) and transparency (mode L; None if there is none).

    Under what is transparent files mostly hold black, which would come out as a dark rim; the colours beside it go on
    there instead.
    """
    if image.mode != "RGBA":
        return image, None
    alpha = image.getchannel("A")
    # Premultiplied, so that only what can be seen spreads.
    spread = image.convert("RGBa").filter(ImageFilter.GaussianBlur(_BLEED)).convert("RGBA").convert("RGB")
    colours = image.convert("RGB")
    spread.paste(colours, mask=alpha.point([0] + [255] * 255))
    return spread, alpha


def joined(colours: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """The picture with its transparency brought to its size."""
    if alpha is not None:
        colours.putalpha(alpha.resize(colours.size, Image.Resampling.BICUBIC))
    return colours
