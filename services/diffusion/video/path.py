"""The way a camera takes over a picture.

The page that previews a move computes the same (`gateway/web/src/studio/camera/path.ts`); `tests/camera_path.json`
holds both to it. A view never leaves the picture, so nothing has to be invented at its borders: a pan has the room a
closer view leaves, and a roll is as close as its last frame needs.
"""

import math
from dataclasses import dataclass
from typing import Literal

Move = Literal[
    "static",
    "pan_left",
    "pan_right",
    "tilt_up",
    "tilt_down",
    "zoom_in",
    "zoom_out",
    "dolly_in",
    "dolly_out",
    "roll_left",
    "roll_right",
]

# At full intensity: how much closer a pan's and a tilt's view is, how much a zoom and a dolly enlarge, how far a roll
# turns.
_TRAVEL = 0.5
_GROWTH = 0.6
_TURN = math.radians(20.0)


@dataclass(frozen=True)
class View:
    """What a frame shows of a picture."""

    x: float = 0.0
    """Where its centre is, from the picture's centre to the right; in picture widths."""
    y: float = 0.0
    """The same downwards; in picture heights."""
    zoom: float = 1.0
    """How many views side by side are as wide as the picture."""
    turn: float = 0.0
    """How far the picture is turned to the left, radians."""


@dataclass(frozen=True)
class Path:
    """A move of a certain intensity (0 to 1) over a picture of a shape (`aspect` = width / height)."""

    move: Move
    intensity: float
    aspect: float

    @property
    def still(self) -> bool:
        """True if the camera stays where it is."""
        return self.move == "static" or self.intensity == 0.0

    def at(self, time: float) -> View:
        """The view at a time from 0 (the beginning) to 1 (the end)."""
        if self.still:
            return View()
        way = time * time * (3.0 - 2.0 * time)
        match self.move:
            case "static":
                return View()
            case "pan_left" | "pan_right" | "tilt_up" | "tilt_down":
                return self._travelling(way - 0.5)
            case "zoom_in" | "zoom_out":
                most = 1.0 + _GROWTH * self.intensity
                return View(zoom=most ** (way if self.move == "zoom_in" else 1.0 - way))
            case "dolly_in" | "dolly_out":
                # What stands before one is as much larger as one is nearer.
                nearer = 1.0 - 1.0 / (1.0 + _GROWTH * self.intensity)
                return View(zoom=1.0 / (1.0 - nearer * (way if self.move == "dolly_in" else 1.0 - way)))
            case "roll_left" | "roll_right":
                turn = _TURN * self.intensity
                long = max(self.aspect, 1.0 / self.aspect)
                zoom = math.cos(turn) + long * math.sin(turn)
                return View(zoom=zoom, turn=turn * way * (1.0 if self.move == "roll_left" else -1.0))

    def _travelling(self, way: float) -> View:
        zoom = 1.0 + _TRAVEL * self.intensity
        room = way * (1.0 - 1.0 / zoom)
        # The picture goes where the view comes from.
        match self.move:
            case "pan_left":
                return View(x=room, zoom=zoom)
            case "pan_right":
                return View(x=-room, zoom=zoom)
            case "tilt_up":
                return View(y=room, zoom=zoom)
            case _:
                return View(y=-room, zoom=zoom)

    @property
    def detail(self) -> float:
        """How much larger than a frame the picture is best kept: between its nearest and its farthest view."""
        return math.sqrt(self.at(0.0).zoom * self.at(1.0).zoom)
