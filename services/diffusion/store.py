"""Models on this machine's disk: fetched from object storage once, checked by their hashes, the least used ones removed
when the budget is spent. Several workers on one machine share it."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from services.diffusion.registry import content
from services.diffusion.registry.inspection import File
from services.kit.failures import Unavailable
from services.kit.objects import ObjectStore, hash_file

log = structlog.get_logger(__name__)

_CHUNK = 4 * 1024**2


class Store:
    """A folder of models named by the SHA-256 of their content."""

    def __init__(self, objects: ObjectStore, folder: Path, budget: int) -> None:
        """`budget` is in bytes."""
        self.budget = budget
        self._objects = objects
        self._folder = folder

    @property
    def used(self) -> int:
        """Bytes on disk."""
        return sum(size_of(path) for path in self._models())

    @contextmanager
    def held(self, sha256: str) -> Iterator[None]:
        """For a thread that reads a model's files: nobody, here or in another process, removes them meanwhile."""
        with self._lock(sha256, fcntl.LOCK_SH):
            yield

    async def folder_of(self, sha256: str) -> Path:
        """The folder of a model, fetched if it is not here. Raises `NotFound` if it is nowhere, `Unavailable` if object
        storage is away or gave something else."""
        place = self._folder / sha256
        if not place.is_dir():
            files = await content.files(self._objects, sha256)
            # One process fetches; the others find it there.
            await asyncio.to_thread(self._make_room, sum(file.size for file in files), sha256)
            with await asyncio.to_thread(self._locked, sha256):
                if not place.is_dir():
                    await self._fetch(sha256, files, place)
        os.utime(place)
        return place

    async def adopt(self, sha256: str, folder: Path) -> None:
        """Take over a folder that holds a model, so that it need not be fetched."""
        place = self._folder / sha256
        if place.is_dir():
            return
        wanted = {file.path for file in await content.files(self._objects, sha256)}
        await asyncio.to_thread(self._take, folder, place, wanted)
        await asyncio.to_thread(self._make_room, 0, sha256)

    def _take(self, folder: Path, place: Path, wanted: set[str]) -> None:
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            if path.relative_to(folder).as_posix() not in wanted:
                path.unlink()
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError, OSError):
            # Another attempt may have been quicker; then it is there all the same.
            folder.rename(place)

    async def _fetch(self, sha256: str, files: list[File], place: Path) -> None:
        part = place.with_name(f"{sha256}.part")
        started = time.monotonic()
        for file in files:
            await self._fetch_file(content.key_of(sha256, file.path), file, part / file.path)
        part.rename(place)
        log.info("model_fetched", sha256=sha256, seconds=round(time.monotonic() - started, 1))

    async def _fetch_file(self, key: str, file: File, path: Path) -> None:
        had = await asyncio.to_thread(_begun, path)
        if had < file.size:
            with path.open("ab") as writer:
                async with contextlib.aclosing(self._objects.stream(key, had)) as pieces:
                    async for piece in pieces:
                        await asyncio.to_thread(writer.write, piece)
        if not await asyncio.to_thread(_is, path, file.sha256):
            raise Unavailable(f"{key} did not arrive as it was stored; it is fetched again")

    def _make_room(self, needed: int, besides: str) -> None:
        """Remove the models longest not used until `needed` bytes fit; those being read stay."""
        models = sorted(self._models(), key=lambda path: path.stat().st_mtime)
        sizes = {path: size_of(path) for path in models}
        used = sum(sizes.values())
        for path in models:
            if used + needed <= self.budget:
                return
            if path.name == besides:
                continue
            with contextlib.suppress(BlockingIOError), self._lock(path.name, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(path, ignore_errors=True)
                used -= sizes[path]
                log.info("model_evicted_from_disk", sha256=path.name, bytes=sizes[path])

    def _models(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if path.is_dir() and not path.name.endswith(".part")]

    def _locked(self, sha256: str) -> contextlib.ExitStack:
        stack = contextlib.ExitStack()
        stack.enter_context(self._lock(sha256, fcntl.LOCK_EX))
        return stack

    @contextmanager
    def _lock(self, sha256: str, how: int) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{sha256}.lock").open("w") as file:
            fcntl.flock(file, how)
            yield


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    with contextlib.suppress(FileNotFoundError):
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return 0


def _begun(path: Path) -> int:
    """Bytes that an earlier attempt has of a file; the file is there afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path.stat().st_size


def _is(path: Path, sha256: str) -> bool:
    """True for a file of this content; another one is removed."""
    same = hash_file(path) == sha256
    if not same:
        path.unlink()
    return same
