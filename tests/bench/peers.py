"""The peers' programs: throw-away Python environments, and a redis-server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.starter_pack import cache_folder
from infra.setup.registries import from_pip


@dataclass(frozen=True)
class Environment:
    """A Python environment of its own; `name` is its folder's."""

    name: str
    packages: tuple[str, ...]


JOBS = Environment("venv", ("celery[redis]", "faststream[nats]", "psutil", "uvloop"))
# Exactly this version: 1.82.7, 1.82.8 and 1.107.0 carried somebody else's code and were withdrawn. It is the newest one
# whose own pinned companions (litellm-enterprise, litellm-proxy-extras) can be had as well.
LITELLM_VERSION = "1.106.2"
LITELLM_PROXY = Environment("litellm-proxy", (f"litellm[proxy]=={LITELLM_VERSION}", "httptools", "uvloop"))
# Without the extra this version cannot pass tools on.
LITELLM_CLIENT = Environment("litellm-client", (f"litellm[mcp]=={LITELLM_VERSION}",))
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

    def python(self, environment: Environment = JOBS) -> Path:
        """The interpreter that has the packages. Raises PeerMissing where they cannot be installed."""
        place = self.folder / environment.name
        python = place / "bin" / "python"
        done = self.folder / f"{environment.name}.done"
        if not done.exists() or done.read_text() != " ".join(environment.packages):
            self.folder.mkdir(parents=True, exist_ok=True)
            uv = str(Path(sys.executable).parent / "uv")
            registries = from_pip(_do([sys.executable, "-m", "pip", "config", "list"], self.folder))
            _do([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], self.folder)
            install = [uv, "pip", "install", "--quiet", "--python", str(python), *registries.options]
            _do([*install, *environment.packages], self.folder, registries.environment)
            done.write_text(" ".join(environment.packages))
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


def _do(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What it printed."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            check=True,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
        )
    except subprocess.CalledProcessError as error:
        raise PeerMissing(f"{command[0]} failed: {error.stderr.strip()[-500:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissing(str(error)) from error
    return done.stdout
