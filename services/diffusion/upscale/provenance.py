"""How a larger picture or video came about: the upscaler, the source, and how the source itself was made."""

import math
from collections.abc import Mapping
from typing import Any

from services.diffusion import metadata
from services.diffusion.provenance import versions
from services.diffusion.upscale.upscalers import Loaded

# Files come from anyone: of what they say of themselves only as much is kept as our own ever say.
_MOST_FIELDS = 40
_MOST_CHARACTERS = 10_000


def settings_of(
    kind: str, loaded: Loaded, tile: int, source: tuple[int, int], sha256: str, said: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The settings as JSON data. `source`: its width and height; `sha256` of its file; `said`: its own settings."""
    width, height = source
    settings: dict[str, Any] = {
        "kind": kind,
        "model": loaded.upscaler.name,
        "model_hash": loaded.hash,
        "scale": loaded.scale,
        "tile": tile,
        "width": width * loaded.scale,
        "height": height * loaded.scale,
        "source_width": width,
        "source_height": height,
        "source_sha256": sha256,
        "versions": versions("atelier", "ncnn"),
    }
    if origin := _origin(said):
        # Where pictures are searched and named by their prompt, this one is found as its source is.
        settings |= {"source": origin} | {name: origin[name] for name in ("prompt",) if name in origin}
    return settings


def _origin(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the source says of itself, one level of it; None if that is nothing that makes sense."""
    if said is None or len(said) > _MOST_FIELDS:
        return None
    kept = {name: value for name, value in said.items() if _plain(value)}
    if isinstance(kinds := said.get("versions"), dict) and len(kinds) <= _MOST_FIELDS:
        kept["versions"] = {name: value for name, value in kinds.items() if isinstance(value, str) and _plain(value)}
    try:
        metadata.parameters(kept)
    except (KeyError, TypeError, ValueError):
        return None
    return kept


def _plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= _MOST_CHARACTERS)
