"""Parts of a content: the Range header (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

from services.kit.failures import Failure

_SPEC = re.compile(r"^(\d{0,19})-(\d{0,19})$")
# More parts than this in one header is an attempt to make work (CVE-2011-3192), not to seek.
_MAX_PARTS = 20


@dataclass(frozen=True)
class ByteRange:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """Bytes in it."""
        return self.last - self.first + 1


class NotSatisfiable(Failure):
    """No part asked for lies within the content."""

    code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        """`size`: bytes of the content."""
        super().__init__(f"The content has {size} bytes; no part that was asked for lies within.")
        self.size = size


def parse(header: str | None, size: int) -> ByteRange | None:
    """The one part to send of a content of `size` bytes; None = all of it.

    Several parts are joined where they touch. Parts that remain apart are answered with the whole content, as are
    headers in other units or that cannot be read: the standard lets a server ignore what it does not offer. Raises
    `NotSatisfiable` if every part lies outside.
    """
    if header is None:
        return None
    unit, equals, specs = header.partition("=")
    parts = [part.strip() for part in specs.split(",") if part.strip()]
    if not equals or unit.strip().lower() != "bytes" or not 0 < len(parts) <= _MAX_PARTS:
        return None
    found: list[ByteRange] = []
    for part in parts:
        match = _SPEC.match(part)
        if match is None or part == "-":
            return None
        first, last = match.groups()
        if first and last and int(last) < int(first):
            return None
        one = _within(first, last, size)
        if one is not None:
            found.append(one)
    if not found:
        raise NotSatisfiable(size)
    found.sort(key=lambda r: r.first)
    joined = found[0]
    for part in found[1:]:
        if part.first > joined.last + 1:
            return None
        joined = ByteRange(joined.first, max(joined.last, part.last))
    return joined


def _within(first: str, last: str, size: int) -> ByteRange | None:
    if not first:
        length = min(int(last), size)
        return ByteRange(size - length, size - 1) if length else None
    start = int(first)
    if start >= size:
        return None
    return ByteRange(start, min(int(last), size - 1) if last else size - 1)
