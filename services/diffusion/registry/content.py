"""Models in object storage, under the hash of their content: `models/<sha256>/<path>`. The list of a model's files is
written last, so what has a list is whole; the same content is stored once."""

import json
from dataclasses import asdict
from pathlib import Path

from services.diffusion.registry.inspection import File, Inspection
from services.diffusion.registry.transfer import Transfer
from services.kit.failures import NotFound
from services.kit.objects import ObjectStore

PREFIX = "models"
_OCTETS = "application/octet-stream"


def key_of(sha256: str, path: str) -> str:
    """Where a file of a model lies."""
    return f"{PREFIX}/{sha256}/{path}"


def list_key(sha256: str) -> str:
    """Where the list of its files lies."""
    return f"{PREFIX}/{sha256}.json"


async def is_stored(objects: ObjectStore, sha256: str) -> bool:
    """True if a model is there, whole."""
    return await objects.get_or_none(list_key(sha256)) is not None


async def put(objects: ObjectStore, folder: Path, found: Inspection, transfer: Transfer) -> None:
    """Store a model. Doing it again, also after an interruption, stores only what is missing."""
    there = set(await objects.keys(f"{PREFIX}/{found.sha256}/"))
    for file in found.files:
        key = key_of(found.sha256, file.path)
        if key not in there:
            await objects.put(key, folder / file.path, _OCTETS, sha256=file.sha256)
        await transfer.moved(file.size, file.path)
    listed = json.dumps({"hash": found.hash, "files": [asdict(file) for file in found.files]})
    await objects.put(list_key(found.sha256), listed.encode(), "application/json")


async def files(objects: ObjectStore, sha256: str) -> list[File]:
    """The files of a model; raises `NotFound`."""
    data = await objects.get_or_none(list_key(sha256))
    if data is None:
        raise NotFound("The files of this model are no longer in object storage.")
    return [File(**file) for file in json.loads(data)["files"]]
