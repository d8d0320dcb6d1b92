"""The header of a safetensors file: names, shapes and metadata, read without the weights.

Format (github.com/huggingface/safetensors): the header's length as eight bytes, little-endian; the header, a JSON
object; then the tensors one after another without gaps. Files come from strangers, so whatever does not fit is refused
before anything is made of it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, cast

from services.diffusion.registry.faults import Refused

# The largest headers in the wild are some megabytes: thousands of tensors and the tags of a training set.
_MOST_HEADER = 32 * 1024**2
_MOST_TENSORS = 200_000
_MOST_AXES = 16
_BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F6_E2M3": 6, "F6_E3M2": 6,
    "F4": 4, "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "C64": 64,
}  # fmt: skip
_METADATA = "__metadata__"


@dataclass(frozen=True)
class Header:
    """What a safetensors file says of itself."""

    shapes: Mapping[str, tuple[int, ...]]
    """Tensor name → shape."""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def elements(self) -> int:
        """Numbers in all tensors together."""
        return sum(math.prod(shape) for shape in self.shapes.values())


def read(path: Path) -> Header:
    """The header of a file; raises `Refused` for anything that is no whole and sound safetensors file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        if len(first) < 8:
            _refuse("is too short to be a safetensors file")
        length = int.from_bytes(first, "little")
        if length > _MOST_HEADER:
            _refuse(f"claims a header of {length:,} bytes; it is no safetensors file")
        if length + 8 > size:
            _refuse("ends within its header; it is not whole")
        raw = file.read(length)
    return parse(raw, size - 8 - length)


def parse(raw: bytes, room: int) -> Header:
    """The header out of its JSON text; `room` is how many bytes of tensors follow. Raises `Refused`."""
    if not raw.startswith(b"{"):
        _refuse("has no safetensors header")
    try:
        data = json.loads(raw, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Refused(f"has a header that is no JSON: {error}") from None
    entries = cast(dict[str, Any], data)
    metadata = _metadata(entries.pop(_METADATA, None))
    if len(entries) > _MOST_TENSORS:
        _refuse(f"claims {len(entries):,} tensors")
    spans: list[tuple[int, int, str]] = []
    shapes: dict[str, tuple[int, ...]] = {}
    for name, entry in entries.items():
        shape, begin, end = _tensor(name, entry)
        shapes[name] = shape
        spans.append((begin, end, name))
    reached = 0
    for begin, end, name in sorted(spans):
        if begin != reached:
            _refuse(f"has tensors that overlap or leave gaps, at {name!r}")
        reached = end
    if reached != room:
        _refuse(f"holds {room:,} bytes of weights where its header tells of {reached:,}; it is not whole")
    return Header(shapes, metadata)


def _tensor(name: str, entry: Any) -> tuple[tuple[int, ...], int, int]:
    if not isinstance(entry, dict):
        _refuse(f"describes tensor {name!r} in no known way")
    known = cast(dict[str, Any], entry)
    dtype, shape, offsets = known.get("dtype"), known.get("shape"), known.get("data_offsets")
    bits = _BITS.get(dtype) if isinstance(dtype, str) else None
    if bits is None:
        _refuse(f"has a tensor of unknown type {dtype!r}, {name!r}")
    axes, span = _naturals(shape), _naturals(offsets)
    if axes is None or len(axes) > _MOST_AXES or span is None or len(span) != 2:
        _refuse(f"gives tensor {name!r} a shape or place that is none")
    begin, end = span
    if (end - begin) * 8 != math.prod(axes) * bits:
        _refuse(f"gives tensor {name!r} {end - begin:,} bytes, which do not fit its shape")
    return tuple(axes), begin, end


def _naturals(value: Any) -> list[int] | None:
    if not isinstance(value, list):
        return None
    numbers = [one for one in cast(list[object], value) if type(one) is int and 0 <= one < 2**63]
    return numbers if len(numbers) == len(cast(list[object], value)) else None


def _metadata(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in cast(dict[str, Any], value).values()):
        _refuse("has metadata that is not text")
    return cast(dict[str, str], value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _refuse(reason: str) -> NoReturn:
    raise Refused(reason)
