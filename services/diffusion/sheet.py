"""The sheet of a grid: all its pictures in columns, rows and blocks, with what tells them apart beside them."""

import functools
import importlib.resources
import io
import math
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

MOST_SIDE = 4096
"""Of the whole sheet, in pixels; pictures are drawn smaller where they would make it larger."""
_SMALLEST_SIDE = 8
_PAPER, _INK, _QUIET = (255, 255, 255), (24, 24, 27), (228, 228, 231)
_FONT_SIZES = 13, 40
_LINES = 3
# Of a label, by the height of its letters; longer ones are broken into lines, and then cut.
_WIDEST = 11


@dataclass(frozen=True)
class Labels:
    """What stands beside the pictures; empty where a grid has no such axis."""

    columns: tuple[str, ...]
    rows: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Columns, rows, blocks."""
        return len(self.columns), max(1, len(self.rows)), max(1, len(self.blocks))


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # Pillow's own font has ASCII only, and those of the system differ from machine to machine.
    data = importlib.resources.files(__package__ or "").joinpath("fonts/DejaVuSans.ttf").read_bytes()
    return ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)


@dataclass
class Layout:
    """Where everything stands, in pixels, with pictures of one size."""

    labels: Labels
    cell: tuple[int, int]
    """Width and height of the place of a picture."""
    font: ImageFont.FreeTypeFont = field(init=False)

    def __post_init__(self) -> None:
        """Measure the labels."""
        columns, rows, blocks = self.labels.shape
        size = min(max(self.cell[0] // 12, _FONT_SIZES[0]), _FONT_SIZES[1])
        self.font = _font(size)
        self.line = math.ceil(size * 1.3)
        self.gap = max(4, size // 3)
        widest = size * _WIDEST
        self.pitch = max(self.cell[0], min(widest, self._width(self.labels.columns)))
        self.head = self.line * max(len(self.wrapped(text, self.pitch)) for text in self.labels.columns)
        self.side = min(widest, self._width(self.labels.rows))
        self.height = max(self.cell[1], self.line)
        self.title = self.line if self.labels.blocks else 0
        side = self.side + self.gap if self.side else 0
        self.block = (
            side + columns * (self.pitch + self.gap) - self.gap,
            self.title + self.head + rows * (self.height + self.gap),
        )
        self.margin = 2 * self.gap
        self.apart = 4 * self.gap
        # As near to a square as it can be.
        self.across = min(range(1, blocks + 1), key=lambda across: max(self._size(across)))
        self.size = self._size(self.across)

    def corner(self, index: int) -> tuple[int, int]:
        """The upper left corner of a picture's place."""
        columns, rows, _ = self.labels.shape
        left, top = self.block_corner(index // (columns * rows))
        row, column = divmod(index % (columns * rows), columns)
        side = self.side + self.gap if self.side else 0
        return (
            left + side + column * (self.pitch + self.gap),
            top + self.title + self.head + self.gap + row * (self.height + self.gap),
        )

    def block_corner(self, block: int) -> tuple[int, int]:
        """The upper left corner of a block."""
        down, along = divmod(block, self.across)
        return (
            self.margin + along * (self.block[0] + self.apart),
            self.margin + down * (self.block[1] + self.apart),
        )

    def wrapped(self, text: str, width: int, most: int = _LINES) -> list[str]:
        """A label in at most so many lines of this width; what does not fit is cut, which dots say."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.font.getlength(longer) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        kept = lines[:most]
        if len(lines) > most:
            kept[-1] += " …"
        return [self._cut(line, width) for line in kept]

    def _cut(self, line: str, width: int) -> str:
        if self.font.getlength(line) <= width:
            return line
        # One letter of nothing is as wide as it gets: measuring a text of any length is slow.
        text = line.removesuffix(" …")[: max(1, width)]
        while text and self.font.getlength(f"{text}…") > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def _width(self, labels: tuple[str, ...]) -> int:
        # Only the beginning of what is cut anyway.
        return max((math.ceil(self.font.getlength(text[:200])) for text in labels), default=0)

    def _size(self, across: int) -> tuple[int, int]:
        down = math.ceil(self.labels.shape[2] / across)
        return (
            2 * self.margin + across * (self.block[0] + self.apart) - self.apart,
            2 * self.margin + down * (self.block[1] + self.apart) - self.apart,
        )


def laid_out(labels: Labels, largest: tuple[int, int]) -> Layout:
    """The layout for pictures up to this size, drawn as large as the sheet's bounds allow."""
    scale = 1.0
    while True:
        cell = tuple(max(_SMALLEST_SIDE, round(side * scale)) for side in largest)
        found = Layout(labels, (cell[0], cell[1]))
        if max(found.size) <= MOST_SIDE or max(cell) == _SMALLEST_SIDE:
            return found
        scale *= 0.93


class Sheet:
    """Draws a sheet picture by picture, so that they need not all be in memory."""

    def __init__(self, labels: Labels, largest: tuple[int, int]) -> None:
        """`largest` are the width and height that no picture exceeds."""
        self._layout = laid_out(labels, largest)
        # All are drawn to one scale, so that smaller ones look smaller.
        self._scale = min(1.0, *(side / whole for side, whole in zip(self._layout.cell, largest, strict=True)))
        self.image = Image.new("RGB", self._layout.size, _PAPER)
        self._draw = ImageDraw.Draw(self.image)
        self._write(labels)

    def put(self, index: int, picture: Image.Image) -> None:
        """Draw the picture of a cell, by its place in reading order."""
        layout = self._layout
        width, height = (max(1, round(side * self._scale)) for side in picture.size)
        whole = picture.convert("RGB")
        if (width, height) != whole.size:
            whole = whole.resize((width, height), Image.Resampling.LANCZOS)
        left, top = layout.corner(index)
        self.image.paste(whole, (left + (layout.pitch - width) // 2, top + (layout.height - height) // 2))

    def _write(self, labels: Labels) -> None:
        layout = self._layout
        columns, rows, blocks = labels.shape
        for block in range(blocks):
            left, top = layout.block_corner(block)
            if labels.blocks:
                self._text(labels.blocks[block], left, top, layout.block[0], lines=1)
                self._draw.line((left, top + layout.title - 1, left + layout.block[0], top + layout.title - 1), _QUIET)
            first = block * columns * rows
            for column, label in enumerate(labels.columns):
                x, _ = layout.corner(first + column)
                used = len(layout.wrapped(label, layout.pitch)) * layout.line
                self._text(label, x, top + layout.title + layout.head - used, layout.pitch, centred=True)
            for row, label in enumerate(labels.rows):
                _, y = layout.corner(first + row * columns)
                most = max(1, min(_LINES, layout.height // layout.line))
                used = len(layout.wrapped(label, layout.side, most)) * layout.line
                self._text(label, left, y + (layout.height - used) // 2, layout.side, lines=most, right=True)

    def _text(
        self,
        text: str,
        left: int,
        top: int,
        width: int,
        *,
        lines: int = _LINES,
        centred: bool = False,
        right: bool = False,
    ) -> None:
        layout = self._layout
        for number, line in enumerate(layout.wrapped(text, width, lines)):
            free = width - layout.font.getlength(line)
            x = left + (free / 2 if centred else free if right else 0)
            self._draw.text((round(x), top + number * layout.line), line, fill=_INK, font=layout.font)
