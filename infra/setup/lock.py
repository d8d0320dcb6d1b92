"""`make lock`: resolves `pyproject.toml` anew into the two lock files, on metadata alone.

What is pinned now stays as long as it fits; `make lock UPGRADE=1` takes the newest of everything. The GPU environment
follows the CPU one wherever it can, so that both run the same versions of everything but the engine and its CUDA parts.
"""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.setup.environment import INSTALLER, PYTHON, VENV, pins
from infra.setup.registries import Registries, from_pip
from infra.setup.steps import ROOT, Step, StepFailed

PROJECT = ROOT / "pyproject.toml"
ENGINES = {"engine-cpu", "engine-gpu"}
PLATFORM = ("--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28")


@dataclass(frozen=True)
class Lock:
    """One of the two lock files."""

    name: str
    engine: str
    header: str
    left_out: tuple[str, ...] = ()
    """Resolved, because something asks for it, and yet not installed."""

    @property
    def path(self) -> Path:
        return ROOT / self.name


CPU = Lock(
    "requirements-cpu.lock",
    "engine-cpu",
    """\
# The environment of every service on a machine without a GPU (Linux x86_64, Python 3.11), made by `make lock`.
# Install with --no-deps: it is complete, and a resolver must not bring in what is left out on purpose. torchvision,
# torchaudio and torchcodec want CUDA builds and make transformers fail to import beside a CPU torch; triton is of no
# use without a GPU. torch's local version (+cpu) comes from PyTorch's own CPU wheel index: name it in
# PIP_EXTRA_INDEX_URL if it is not found.
""",
    ("torchvision", "torchaudio", "torchcodec", "triton"),
)
GPU = Lock(
    "requirements-gpu.lock",
    "engine-gpu",
    """\
# The environment of every service on a machine with NVIDIA GPUs (Linux x86_64, Python 3.11), made by `make lock`:
# vLLM's CUDA build and CUDA's libraries, and else the versions of requirements-cpu.lock.
# Install with --no-deps: it is complete. Here: make run LOCK=requirements-gpu.lock
""",
)


def main() -> int:
    step = Step("lock")
    try:
        if not (VENV / "bin" / INSTALLER).exists():
            raise StepFailed("there is no .venv yet: run `make setup` first")
        registries = from_pip(step.run([PYTHON, "-m", "pip", "config", "list"]))
        with step.timed(CPU.name):
            resolve(step, CPU, registries, pins(CPU.path))
        with step.timed(GPU.name):
            # torch's CPU build must not be a candidate here, so only what the CUDA builds are published on is asked.
            shared = [line for line in pins(CPU.path) if "+cpu" not in line]
            resolve(step, GPU, Registries((), registries.environment), shared)
        with step.timed("checking that both can be installed"):
            check(step, CPU, registries)
            check(step, GPU, Registries((), registries.environment))
    except StepFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def resolve(step: Step, lock: Lock, registries: Registries, preferred: Sequence[str]) -> None:
    """Raises StepFailed with the resolver's explanation when nothing fits."""
    extras = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]
    chosen = [extra for extra in extras if extra not in ENGINES or extra == lock.engine]
    with tempfile.TemporaryDirectory() as scratch:
        # What already stands in the output file is preferred by the resolver, though not at any price.
        out = Path(scratch) / "lock.txt"
        out.write_text("\n".join(preferred) + "\n")
        command = [VENV / "bin" / INSTALLER, "pip", "compile", PROJECT, "--no-annotate", "--no-header", "-o", out]
        command += [*PLATFORM, *registries.options]
        command += [word for extra in chosen for word in ("--extra", extra)]
        command += [word for package in lock.left_out for word in ("--no-emit-package", package)]
        if os.environ.get("UPGRADE"):
            command.append("--upgrade")
        step.run(command, env=registries.environment)
        found = [line for line in out.read_text().splitlines() if line and not line.lstrip().startswith("#")]
    lock.path.write_text(lock.header + "\n".join(found) + "\n")


def check(step: Step, lock: Lock, registries: Registries) -> None:
    """Every pin has a file for this platform; nothing is downloaded but metadata."""
    command = [
        VENV / "bin" / INSTALLER,
        "pip",
        "install",
        "--dry-run",
        "--no-deps",
        "--python",
        PYTHON,
        "-r",
        lock.path,
    ]
    step.run([*command, *PLATFORM, *registries.options], env=registries.environment)


if __name__ == "__main__":
    sys.exit(main())
