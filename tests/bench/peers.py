"""The peers' programs: a throw-away Python environment with Celery and FastStream, and a redis-server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.starter_pack import cache_folder

PACKAGES = ("celery[redis]", "faststream[nats]", "psutil", "uvloop")
# Packages may be slow to come.
_PATIENCE_S = 600
# Debian's redis-server and what it is linked to, unpacked beside each other rather than installed.
DEBIAN = ("redis-server", "redis-tools", "libjemalloc2", "liblua5.1-0", "liblzf1", "lua-bitop", "lua-cjson")


class PeerMissing(Exception):
    """A peer cannot be had on this machine; the text says why."""


class Peers:
    """Made once under the cache folder, then found again."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder() / "bench-peers"

    def python(self) -> Path:
        """The interpreter that has Celery and FastStream. Raises PeerMissing where they cannot be installed."""
        python = self.folder / "venv" / "bin" / "python"
        done = self.folder / "venv.done"
        if not done.exists() or done.read_text() != " ".join(PACKAGES):
            self.folder.mkdir(parents=True, exist_ok=True)
            _do([sys.executable, "-m", "venv", "--clear", str(self.folder / "venv")], self.folder)
            _do([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], self.folder)
            done.write_text(" ".join(PACKAGES))
        return python

    def redis(self) -> tuple[str, dict[str, str]]:
        """The redis-server to start, and the environment it needs. Raises PeerMissing where there is none to be had."""
        installed = shutil.which("redis-server")
        if installed:
            return installed, {}
        root = self.folder / "redis"
        server = root / "usr" / "bin" / "redis-server"
        if not server.exists():
            if not shutil.which("apt-get"):
                raise PeerMissing("redis-server is not installed and there is no apt-get to fetch it")
            debs = self.folder / "debs"
            debs.mkdir(parents=True, exist_ok=True)
            try:
                _do(["apt-get", "download", "-q", *DEBIAN], debs)
            except PeerMissing:
                # The package lists may be old, or never have been fetched.
                _do(["apt-get", "update", "-q"], debs)
                _do(["apt-get", "download", "-q", *DEBIAN], debs)
            for deb in debs.glob("*.deb"):
                _do(["dpkg", "-x", str(deb), str(root)], debs)
        libraries = ":".join(sorted({str(path.parent) for path in root.rglob("*.so*")}))
        return str(server), {"LD_LIBRARY_PATH": f"{libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}"}


def _do(command: Sequence[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_PATIENCE_S)
    except subprocess.CalledProcessError as error:
        raise PeerMissing(f"{command[0]} failed: {error.stderr.strip()[-500:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissing(str(error)) from error
