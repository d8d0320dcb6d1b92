"""The web UI: `npm ci` when its lock changed, a build when its sources changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from infra.setup.environment import VENV
from infra.setup.steps import ROOT, Step

WEB = ROOT / "gateway" / "web"
MADE = {"node_modules", "dist", "coverage", "test-results"}


def sources(folder: Path) -> Iterator[Path]:
    """Every file the build may read, in a fixed order; what was made from them is left out."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in MADE:
            yield from sources(path)
        elif path.is_file():
            yield path


def content_hash(paths: Iterator[Path] | list[Path], folder: Path) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


class WebBuild:
    """`gateway/web/dist` from `gateway/web`."""

    def __init__(self, step: Step, folder: Path = WEB) -> None:
        self.step = step
        self.folder = folder
        self.modules = folder / "node_modules"
        # Inside node_modules, so that removing that folder forgets both.
        self.installed = self.modules / ".atelier-installed"
        self.built = self.modules / ".atelier-built"

    def exists(self) -> bool:
        return (self.folder / "package-lock.json").is_file()

    def packages_hash(self) -> str:
        return content_hash([self.folder / "package.json", self.folder / "package-lock.json"], self.folder)

    def has_packages(self) -> bool:
        return self.installed.is_file() and self.installed.read_text() == self.packages_hash()

    def is_built(self, fingerprint: str) -> bool:
        built = self.built.is_file() and self.built.read_text() == fingerprint
        return built and (self.folder / "dist" / "index.html").is_file()

    def is_current(self) -> bool:
        return not self.exists() or (self.has_packages() and self.is_built(self.source_hash()))

    def source_hash(self) -> str:
        return content_hash(sources(self.folder), self.folder)

    def make(self) -> None:
        """Raises StepFailed with npm's last words when the packages or the build fail."""
        if not self.exists():
            return
        path = {"PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
        npm = VENV / "bin" / "npm"
        if not self.has_packages():
            with self.step.timed("fetching the web UI's packages"):
                self.step.run([npm, "ci", "--no-fund", "--no-audit", "--prefer-offline"], cwd=self.folder, env=path)
            self.installed.write_text(self.packages_hash())
        fingerprint = self.source_hash()
        if not self.is_built(fingerprint):
            with self.step.timed("building the web UI"):
                self.step.run([npm, "run", "--silent", "build"], cwd=self.folder, env=path)
            self.built.write_text(self.source_hash())
