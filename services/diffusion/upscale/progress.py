"""How far an upscaling is: tiles or frames done, the time that is left, and a small picture of it."""

import io
import time

from PIL import Image

from services.diffusion.upscale.tiles import Piece, Tile

PREVIEW_SIDE = 256
# Previews of one job, spread over it.
PREVIEWS = 12


class Pace:
    """Counts what is done and reckons what is left."""

    def __init__(self, whole: int) -> None:
        """`whole`: how much there is to do."""
        self.whole = max(1, whole)
        self.done = 0
        self._began = time.monotonic()

    def step(self) -> None:
        """One more is done; a clip may have more frames than it said."""
        self.done += 1
        self.whole = max(self.whole, self.done)

    @property
    def fraction(self) -> float:
        """Part done, 0 to 1."""
        return self.done / self.whole

    @property
    def eta_s(self) -> float | None:
        """Seconds left at the pace so far; None until something is done."""
        if not self.done:
            return None
        return (time.monotonic() - self._began) / self.done * (self.whole - self.done)

    @property
    def preview_due(self) -> bool:
        """True now and then, never at the end: then there is the result itself."""
        every = max(1, round(self.whole / PREVIEWS))
        return self.done % every == 0 and 0 < self.done < self.whole


class Canvas:
    """A small picture on which the tiles that are done light up."""

    def __init__(self, source: Image.Image) -> None:
        """Begins as the source, dark."""
        self._shrunk = min(1.0, PREVIEW_SIDE / max(source.size))
        size = max(1, round(source.width * self._shrunk)), max(1, round(source.height * self._shrunk))
        self._picture = (
            source.convert("RGB").resize(size, Image.Resampling.BOX).point([value // 3 for value in range(256)] * 3)
        )

    def show(self, tile: Tile, piece: Piece) -> None:
        """Put a tile in its place."""
        left, top, right, bottom = (round(edge * self._shrunk) for edge in tile.box)
        if right > left and bottom > top:
            self._picture.paste(piece.image.resize((right - left, bottom - top), Image.Resampling.BOX), (left, top))

    def encoded(self) -> bytes:
        """As a WebP file of a few kilobytes."""
        return encoded(self._picture)


def encoded(picture: Image.Image) -> bytes:
    """A small picture as a WebP file."""
    small = picture.copy()
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=60)
    return buffer.getvalue()
