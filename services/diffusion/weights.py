"""A model's weights on disk: which files they are, and one hash that names them."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from services.diffusion.faults import CannotLoad
from services.kit.objects import hash_file

_PICKLES = (".bin", ".ckpt", ".pt", ".pth")


def variant(component: Path) -> str | None:
    """Which variant of a component's weights to load: None for the plain files, "fp16" if only those are there.

    Raises `CannotLoad` if there are no safetensors files: pickled weights run code when they are read.
    """
    names = [f.name for f in component.iterdir() if f.is_file()]
    # model.safetensors, model-00001-of-00002.safetensors; model.fp16.safetensors, model.fp16-00001-of-00002.safetensors
    kinds = {n.split(".")[1].split("-")[0] for n in names if n.endswith(".safetensors")}
    if "safetensors" in kinds:
        return None
    if "fp16" in kinds:
        return "fp16"
    if any(n.endswith(_PICKLES) for n in names):
        raise CannotLoad(f"{component} holds pickled weights only; Atelier reads safetensors")
    raise CannotLoad(f"{component} holds no safetensors weights")


def files(folder: Path) -> list[Path]:
    """The weights files of a diffusers folder, sorted by path: every safetensors file one level down."""
    return sorted(folder.glob("*/*.safetensors"))


def fingerprint(folder: Path, cache: Path | None = None, *, known: Mapping[str, str] | None = None) -> str:
    """SHA-256 (hex) over the paths and contents of a model's weights.

    `cache` is a JSON file that remembers each file's hash under its path, size and modification time, so that gigabytes
    are read once. `known` are hashes, by path in the folder, of files that are as they were when these were taken.
    """
    if known is not None:
        return _combined(folder, known)
    remembered = _read(cache)
    fresh: dict[str, str] = {}
    digests: dict[str, str] = {}
    for file in files(folder):
        status = file.stat()
        key = f"{file.resolve()}:{status.st_size}:{status.st_mtime_ns}"
        fresh[key] = digests[file.relative_to(folder).as_posix()] = remembered.get(key) or hash_file(file)
    if cache is not None and not fresh.keys() <= remembered.keys():
        _write(cache, remembered | fresh)
    return _combined(folder, digests)


def _combined(folder: Path, digests: Mapping[str, str]) -> str:
    whole = hashlib.sha256()
    for file in files(folder):
        path = file.relative_to(folder).as_posix()
        whole.update(f"{path}\0{digests[path]}\n".encode())
    return whole.hexdigest()


def _read(cache: Path | None) -> dict[str, str]:
    if cache is None or not cache.exists():
        return {}
    try:
        return {str(k): str(v) for k, v in json.loads(cache.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        # A cache that cannot be read is only a cache: the hashes are computed again.
        return {}


def _write(cache: Path, hashes: dict[str, str]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(json.dumps(hashes, indent=0, sort_keys=True))
    fresh.replace(cache)
