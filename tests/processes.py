"""Real servers for tests: each dies with the test run, however that ends, and is stopped by its process id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.child import die_with


class NotReady(Exception):
    """A server did not come up; the text holds the end of its log."""


class ServerProcess:
    """One child process with its log in a file. `start`, `kill` and `start` again as often as a test likes."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: int | None = None,
    ) -> None:
        self.command = list(command)
        self.log = log
        self._ready = ready
        self._environment = {**os.environ, **(environment or {})}
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self, within_s: float = 30.0) -> None:
        """Starts it and waits until it is ready. Raises NotReady when it ends before, or takes longer."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user is not None else None,
                preexec_fn=die_with(os.getpid()),
            )
        end = time.monotonic() + within_s
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise NotReady(f"{self.command[0]} is not ready:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self._end(signal.SIGKILL, 10)

    def stop(self, within_s: float = 15.0) -> None:
        """Asks it to end and kills it when it does not."""
        self._end(signal.SIGTERM, within_s)

    def restart(self) -> None:
        """Kills it and starts it on the same port with the same data."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Freezes it: connections stay open and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, number: int, within_s: float) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
