"""The whole stack as `make run` starts it, on free ports and with a data folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.child import die_with
from infra.local.options import ROOT
from infra.local.site import BUCKET

ENDING_S = 3.0


class StackError(AssertionError):
    """The stack or one of its programs did not do what was waited for; the text holds the end of its log."""


@dataclass(frozen=True)
class ProgramState:
    """One line of the supervisor's table."""

    name: str
    state: str
    pid: int | None
    restarts: int
    address: str
    detail: str


class Stack:
    """One run of `python -m infra.local`. Killing the test run ends it, and with it everything it started."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        """`environment`: settings of this run, e.g. `{"ATELIER_SERVICES": "gateway diffusion"}`."""
        self.home = home
        # Where the tests run, the person's own settings are of no concern; the cache of models is.
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("ATELIER_") or name == "ATELIER_CACHE"
        }
        # A test run asks more often than one person may, and what it asks twice it wants answered twice.
        given = {
            "ATELIER_HOME": str(home),
            "ATELIER_PORT": "0",
            "ATELIER_RATE_LIMIT_PER_MIN": "0",
            "ATELIER_ANSWER_CACHE_MB": "0",
            "NO_COLOR": "1",
            **(environment or {}),
        }
        self._environment = {**inherited, **given}
        self._process: subprocess.Popen[bytes] | None = None
        self._started: list[psutil.Process] = []
        self._state_file = home / "run" / "state.json"
        self.log = home / "stack.log"

    def start(self, until: str = "gateway", within_s: float = 90.0) -> None:
        """Starts it and waits until the named program is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        # A run that was killed leaves its last word behind; it is not to be taken for this run's.
        self._state_file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local"],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with(os.getpid()),
            )
        self.wait(until, within_s)

    @property
    def pid(self) -> int:
        """Of the supervisor."""
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def url(self) -> str:
        """Of the gateway, with no slash at its end."""
        return str(self._state()["url"])

    def program(self, name: str) -> ProgramState:
        """Raises KeyError for a program that is not part of this run."""
        programs = self._state()["programs"]
        assert isinstance(programs, dict)
        return ProgramState(**programs[name])

    def has(self, name: str) -> bool:
        """True if a program of that name is part of this run."""
        try:
            self.program(name)
        except KeyError:
            return False
        return True

    def process(self, name: str) -> psutil.Process:
        """Raises StackError when it does not run just now."""
        pid = self.program(name).pid
        if pid is None:
            raise StackError(f"{name} does not run: {self.program(name)}")
        return psutil.Process(pid)

    def ports(self) -> dict[str, int]:
        """Inner ports by name, e.g. `nats`, `objects.s3`, `diffusion.metrics`."""
        return json.loads((self.home / "run" / "ports.json").read_text())

    def secrets(self) -> dict[str, str]:
        return json.loads((self.home / "secrets.json").read_text())

    @property
    def nats_url(self) -> str:
        secrets = self.secrets()
        return f"nats://{secrets['nats_user']}:{secrets['nats_password']}@127.0.0.1:{self.ports()['nats']}"

    def environment(self) -> dict[str, str]:
        """What another process needs to work on the bus, the storage and the catalog of this run."""
        ports, secrets = self.ports(), self.secrets()
        return {
            "ATELIER_HOME": str(self.home),
            "ATELIER_NATS_URL": self.nats_url,
            "ATELIER_S3_ENDPOINT": f"127.0.0.1:{ports['objects.s3']}",
            "ATELIER_S3_ACCESS_KEY": secrets["s3_access_key"],
            "ATELIER_S3_SECRET_KEY": secrets["s3_secret_key"],
            "ATELIER_S3_BUCKET": BUCKET,
            "ATELIER_DATABASE_URL": f"sqlite:///{self.home / 'catalog.db'}",
        }

    def wait(self, name: str, within_s: float = 60.0) -> ProgramState:
        """Waits until a program is ready. Raises StackError when that takes longer, or the supervisor has ended."""
        end = time.monotonic() + within_s
        while True:
            if self._process is not None and self._process.poll() is not None:
                raise StackError(f"the stack ended with {self._process.returncode}:\n{self.tail()}")
            try:
                state = self.program(name)
                if state.state in ("ready", "done"):
                    return state
            except (KeyError, FileNotFoundError):
                state = None
            if time.monotonic() > end:
                raise StackError(f"{name} is not ready after {within_s:.0f} s ({state}):\n{self.tail()}")
            time.sleep(0.05)

    def wait_chat(self, within_s: float = 300.0) -> None:
        """Waits for the language model. The first time on a machine it has to be fetched and converted."""
        self.wait("chat", within_s)

    def kill(self, name: str) -> int:
        """SIGKILL to a program, as a crash would; returns the process id it had. The supervisor starts it again."""
        process = self.process(name)
        process.kill()
        return process.pid

    def wait_back(self, name: str, old_pid: int, within_s: float = 60.0) -> ProgramState:
        """Waits until a program that was killed is ready again as a new process."""
        end = time.monotonic() + within_s
        while True:
            state = self.program(name)
            if state.pid not in (None, old_pid) and state.state == "ready":
                return state
            if time.monotonic() > end:
                raise StackError(f"{name} is not back after {within_s:.0f} s ({state}):\n{self.tail()}")
            time.sleep(0.05)

    def restart(self, name: str, within_s: float = 60.0) -> ProgramState:
        """Ends a program politely and waits until it is ready again."""
        process = self.process(name)
        process.terminate()
        return self.wait_back(name, process.pid, within_s)

    def stop(self, within_s: float = 60.0, by: signal.Signals = signal.SIGINT) -> int:
        """As Ctrl-C does; returns the exit code. What outlives it is in `left_behind`."""
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            self._started = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(by)
            try:
                process.wait(within_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        return process.returncode

    def left_behind(self) -> list[str]:
        """Command lines of what ran when `stop` was called and still does; there should be none."""
        _, alive = psutil.wait_procs(self._started, timeout=ENDING_S)
        return [" ".join(process.cmdline()) for process in alive if process.status() != psutil.STATUS_ZOMBIE]

    def keep_logs(self, folder: Path) -> None:
        """Copies every log there is; what lies in the folder from an earlier run goes."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in [self.log, *(self.home / "logs").glob("*")]:
            if file.is_file():
                shutil.copy2(file, folder / file.name)

    def tail(self, characters: int = 6000) -> str:
        """The end of the log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def _state(self) -> dict[str, object]:
        return json.loads(self._state_file.read_text())
