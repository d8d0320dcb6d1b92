"""The peers' programs: a throw-away Python environment with Celery and FastStream, and a redis-server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local.starter_pack import cache_folder

PACKAGES = ("celery[redis]", "faststream[nats]", "psutil", "uvloop")
# Debian's redis-server and what it is linked to, unpacked beside each other rather than installed.
DEBIAN = ("redis-server", "redis-tools", "libjemalloc2", "liblua5.1-0", "liblzf1", "lua-bitop", "lua-cjson")


class Peers:
    """Made once under the cache folder, then found again."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder() / "bench-peers"

    def python(self) -> Path:
        """The interpreter that has Celery and FastStream."""
        python = self.folder / "venv" / "bin" / "python"
        if not (self.folder / "venv.done").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(self.folder / "venv")], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
            (self.folder / "venv.done").touch()
        return python

    def redis(self) -> tuple[str, dict[str, str]]:
        """The redis-server to start, and the environment it needs. Raises FileNotFoundError where there is none to be
        had."""
        installed = shutil.which("redis-server")
        if installed:
            return installed, {}
        root = self.folder / "redis"
        server = root / "usr" / "bin" / "redis-server"
        if not server.exists():
            if not shutil.which("apt-get"):
                raise FileNotFoundError("redis-server is not installed and there is no apt-get to fetch it")
            debs = self.folder / "debs"
            debs.mkdir(parents=True, exist_ok=True)
            subprocess.run(["apt-get", "download", "-q", *DEBIAN], cwd=debs, check=True, capture_output=True)
            for deb in debs.glob("*.deb"):
                subprocess.run(["dpkg", "-x", str(deb), str(root)], check=True)
        libraries = ":".join(sorted({str(path.parent) for path in root.rglob("*.so*")}))
        return str(server), {"LD_LIBRARY_PATH": f"{libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
