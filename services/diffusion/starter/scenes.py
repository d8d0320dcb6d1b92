"""Plain colours, tints and drawn scenes: what a sprite is set before. All arrays are float32 RGB, 0-255."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]
Picture = NDArray[np.float32]

COLOURS: dict[str, Rgb] = {
    "red": (220, 40, 40),
    "orange": (245, 140, 30),
    "yellow": (250, 215, 50),
    "green": (60, 170, 70),
    "blue": (50, 110, 230),
    "purple": (140, 70, 190),
    "pink": (250, 140, 190),
    "brown": (130, 85, 50),
    "black": (20, 20, 24),
    "white": (255, 255, 255),
    "gray": (140, 140, 145),
    "cyan": (70, 205, 215),
}
TINTS = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def plain(size: int, colour: Rgb) -> Picture:
    """One colour, (size, size, 3)."""
    return np.broadcast_to(np.array(colour, np.float32), (size, size, 3)).copy()


def _gradient(size: int, top: Rgb, bottom: Rgb) -> Picture:
    weight = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    column = np.array(top, np.float32) * (1 - weight) + np.array(bottom, np.float32) * weight
    return np.repeat(column, size, axis=1).astype(np.float32)


def _meadow(size: int) -> Picture:
    picture = _gradient(size, (110, 180, 250), (200, 230, 255))
    picture[size * 42 // 64 :] = (90, 180, 70)
    return picture


def _night(size: int) -> Picture:
    picture = _gradient(size, (10, 12, 45), (40, 40, 100))
    dot = max(1, size // 64)
    for y, x in np.random.RandomState(7).randint(0, 64, (26, 2)) * size // 64:
        picture[y : y + dot, x : x + dot] = (255, 255, 210)
    return picture


def _sunset(size: int) -> Picture:
    return _gradient(size, (110, 50, 130), (255, 160, 70))


def _beach(size: int) -> Picture:
    picture = _gradient(size, (120, 200, 250), (200, 235, 255))
    picture[size * 30 // 64 : size * 44 // 64] = (30, 140, 200)
    picture[size * 44 // 64 :] = (240, 215, 150)
    return picture


def _snow(size: int) -> Picture:
    picture = _gradient(size, (150, 185, 220), (215, 228, 240))
    picture[size * 42 // 64 :] = (250, 252, 255)
    return picture


def _underwater(size: int) -> Picture:
    return _gradient(size, (60, 190, 220), (10, 50, 120))


SCENES: dict[str, Callable[[int], Picture]] = {
    "meadow": _meadow,
    "night": _night,
    "sunset": _sunset,
    "beach": _beach,
    "snow": _snow,
    "underwater": _underwater,
}
GROUNDED = frozenset({"meadow", "beach", "snow"})  # scenes with a horizon: things stand a little lower in them


def tint(rgba: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """The sprite in shades of one colour: its lightness is kept, its hue is replaced. Shape as given."""
    rgb = rgba[..., :3].astype(np.float32) / 255
    luma = (rgb @ np.array((0.299, 0.587, 0.114), np.float32))[..., None]  # ITU-R BT.601
    target = np.array(COLOURS[colour], np.float32) / 255
    dark = target * np.clip(luma / 0.55, 0, 1)
    light = target + (1 - target) * np.clip((luma - 0.55) / 0.45, 0, 1) * 0.85
    shaded = np.where(luma < 0.55, dark, light) * 0.92 + rgb * 0.08
    return np.concatenate([(shaded * 255).astype(np.uint8), rgba[..., 3:]], axis=-1)
