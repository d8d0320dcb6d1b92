"""Emoji drawings as RGBA pictures: fetched from the package registry, checked, rasterised once into a cache.

The drawings are Noto Emoji (Apache-2.0, the Noto authors) as packed by ``@iconify-json/noto``; their names and tags
come from ``emojibase-data`` (MIT). Rasterising needs ``resvg-py`` (see requirements.txt), which the services do not.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.diffusion.starter.concepts import choose

SPRITE_SIZE = 128  # pixels; twice the smallest picture, so that a reduced copy is still crisp
_SHARP = Image.Resampling.LANCZOS
_FITTED = 104  # pixels of the longer side of what is drawn: emoji fill their own boxes very differently


@dataclass(frozen=True)
class Package:
    """An npm package, pinned: what is drawn must not change when the registry's latest version does."""

    name: str
    version: str
    sha256: str

    @property
    def archive(self) -> str:
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


NOTO = Package("@iconify-json/noto", "1.2.9", "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad")
EMOJIBASE = Package("emojibase-data", "17.0.0", "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a")


@dataclass(frozen=True)
class Sprite:
    """A drawing: ``rgba`` is uint8 (128, 128, 4), not premultiplied; ``names`` and ``tags`` are lower-case words."""

    names: tuple[str, ...]
    tags: tuple[str, ...]
    rgba: NDArray[np.uint8]

    @property
    def name(self) -> str:
        return self.names[0]


def fetch(package: Package, cache: Path) -> Path:
    """The folder of the unpacked package under ``cache``, downloading it with ``npm pack`` where it is not there yet.

    Raises RuntimeError when the archive is not the pinned one.
    """
    folder = cache / package.archive.removesuffix(".tgz")
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / package.archive
    if not archive.is_file():
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        subprocess.run(command, cwd=cache, check=True, stdout=subprocess.DEVNULL, timeout=300)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise RuntimeError(f"{archive} has SHA-256 {digest}, expected {package.sha256}")
    partial = cache / f"{folder.name}.{os.getpid()}.partial"
    with tarfile.open(archive) as bundle:
        bundle.extractall(partial, filter="data")
    (partial / "package").rename(folder)
    partial.rmdir()
    return folder


def _rasterise(icon: dict[str, Any], defaults: dict[str, Any], size: int) -> NDArray[np.uint8]:
    import resvg_py  # pyright: ignore[reportMissingImports]  # only whoever draws the data needs it

    width, height = icon.get("width", defaults.get("width", 16)), icon.get("height", defaults.get("height", 16))
    box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}" '
        f'width="{size}" height="{size}">{icon["body"]}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def fitted(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The drawing centred in its square with the same margin whatever its own was. Shape as given."""
    picture = Image.fromarray(rgba)
    drawn = picture.crop(picture.getchannel("A").getbbox())
    scale = _FITTED / max(drawn.size)
    drawn = drawn.resize((max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale))), _SHARP)
    square = Image.new("RGBA", picture.size)
    square.paste(drawn, ((square.width - drawn.width) // 2, (square.height - drawn.height) // 2))
    return np.asarray(square)


def load_sprites(cache: Path, concepts: str = "core") -> list[Sprite]:
    """The drawings of the concepts that ``concepts`` asks for (see `concepts.choose`), in a fixed order."""
    emoji: list[dict[str, Any]] = json.loads((fetch(EMOJIBASE, cache) / "en" / "data.json").read_text())
    noto = fetch(NOTO, cache)
    icons: dict[str, Any] = json.loads((noto / "icons.json").read_text())
    names_by_code: dict[str, str] = json.loads((noto / "chars.json").read_text())

    drawn: dict[str, tuple[dict[str, Any], str]] = {}
    for entry in emoji:
        code = str(entry["hexcode"]).lower()
        icon_name = names_by_code.get(code) or names_by_code.get(code.replace("-fe0f", ""))
        if "group" in entry and icon_name is not None and icon_name in icons["icons"]:
            drawn[str(entry["label"]).lower()] = (entry, icon_name)
    chosen = choose(concepts, {label: int(entry["group"]) for label, (entry, _) in drawn.items()})

    rasters = cache / f"sprites-noto-{NOTO.version}-{SPRITE_SIZE}"
    rasters.mkdir(parents=True, exist_ok=True)
    sprites: list[Sprite] = []
    for concept in chosen:
        entry, icon_name = drawn[concept.label]
        path = rasters / f"{icon_name}.png"
        if not path.is_file():
            partial = path.with_suffix(f".{os.getpid()}.partial")
            Image.fromarray(_rasterise(icons["icons"][icon_name], icons, SPRITE_SIZE)).save(partial, format="PNG")
            partial.rename(path)
        rgba = fitted(np.asarray(Image.open(path).convert("RGBA")))
        sprites.append(Sprite(concept.names, tuple(str(tag) for tag in entry.get("tags", ())), rgba))
    return sprites
