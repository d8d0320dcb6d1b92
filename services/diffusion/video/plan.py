"""A request for a video, worked out: how many frames of which size, under which move of the camera."""

import math
from dataclasses import dataclass
from typing import Any

from services.diffusion import source
from services.diffusion.animation import ClipFormat
from services.diffusion.model import ModelCard
from services.diffusion.video.path import Path
from services.diffusion.video.scene import Scene

# A video is at least about as large as a square of this side, however small what its model makes; larger than this
# many pixels only if that is asked for.
_LEAST_SIDE = 256
_MOST_PIXELS = 1280 * 720
# Sides that follow from a shape are multiples of this: no encoder has to add to them.
_STEP = 8
_SHORTEST, _LONGEST = 64, 1920


@dataclass(frozen=True)
class Plan:
    """What is to be filmed."""

    scene: Scene
    fps: int
    frames: int
    motion: float
    """0 to 1."""
    clip_format: ClipFormat

    @property
    def duration_s(self) -> float:
        """How long it plays."""
        return self.frames / self.fps

    def time(self, frame: int) -> float:
        """When a frame is shown, from 0 (the first) to 1 (the last)."""
        return frame / max(1, self.frames - 1)

    @property
    def provenance(self) -> dict[str, Any]:
        """Its part of the settings."""
        path = self.scene.path
        return {
            "duration_s": self.duration_s,
            "fps": self.fps,
            "camera": {"move": path.move, "intensity": path.intensity},
            "motion_intensity": self.motion,
            "format": self.clip_format,
        }


def planned(data: dict[str, Any], card: ModelCard, picture: tuple[int, int] | None = None) -> Plan:
    """`data`: the request as JSON, complete. `picture`: the size of the picture it begins with."""
    width, height = frame_size(data, (card.native_width, card.native_height), picture)
    camera = data.get("camera") or {"move": "static", "intensity": 0.5}
    path = Path(camera["move"], camera["intensity"], width / height)
    return Plan(
        scene=Scene(width, height, path),
        fps=data["fps"],
        frames=round(data["duration_s"] * data["fps"]),
        motion=data["motion_intensity"],
        clip_format=data["format"],
    )


def frame_size(
    data: dict[str, Any], native: tuple[int, int], picture: tuple[int, int] | None = None
) -> tuple[int, int]:
    """Width and height of the frames: as asked for, the rest from the shape."""
    width, height = data.get("width"), data.get("height")
    if width and height:
        return width, height
    across, down = _shape(data.get("aspect_ratio"), picture)
    if width:
        return width, _side(width * down / across, 1)
    if height:
        return _side(height * across / down, 1), height
    pixels = max(native[0] * native[1], _LEAST_SIDE**2)
    if picture:
        pixels = min(max(pixels, picture[0] * picture[1]), _MOST_PIXELS)
    scale = math.sqrt(pixels / (across * down))
    return _side(across * scale, _STEP), _side(down * scale, _STEP)


def _shape(aspect_ratio: str | None, picture: tuple[int, int] | None) -> tuple[int, int]:
    if aspect_ratio:
        across, _, down = aspect_ratio.partition(":")
        return int(across), int(down)
    return picture or (1, 1)


def _side(pixels: float, step: int) -> int:
    return min(_LONGEST, max(_SHORTEST, round(pixels / step) * step))


def working_size(card: ModelCard, width: int, height: int, max_area: float, *, enlarge: bool) -> tuple[int, int]:
    """The size at which a model works on frames of this size: their shape, and as many pixels as it was trained for;
    not more than the frames have unless it may `enlarge`."""
    scale = math.sqrt(card.native_width * card.native_height / (width * height))
    if not enlarge:
        scale = min(scale, 1.0)
    return source.size_near(card, math.ceil(width * scale), math.ceil(height * scale), max_area)
