"""One child process: it ends when we end, its lines are passed on, and stopping it leaves nothing of it behind."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from services.kit import child_output

PR_SET_PDEATHSIG = 1
LONGEST_LINE = 64 * 1024
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> Callable[[], None]:
    """For `preexec_fn`: the kernel kills the child when the parent ends, however the parent ends."""

    def between_fork_and_exec() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return between_fork_and_exec


class Child:
    """A running process in a session of its own, so that Ctrl-C at the terminal reaches us alone."""

    def __init__(self, process: asyncio.subprocess.Process, pump: asyncio.Task[None]) -> None:
        self._process = process
        self._pump = pump
        self.pid = process.pid

    @staticmethod
    async def start(
        command: Sequence[str], environment: Mapping[str, str], folder: Path, say: Callable[[str], None]
    ) -> Child:
        """Raises OSError when the program is not there."""
        process, output = await child_output.start(
            *command,
            cwd=folder,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),
        )
        return Child(process, asyncio.create_task(pass_on(output, say)))

    async def wait(self) -> int:
        """Its exit code (−n = ended by signal n), after everything it said has been passed on and its group is gone."""
        code = await self._process.wait()
        # What it started itself and left behind must not hold its ports and memory.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.shield(self._pump)
        self._pump.cancel()
        return code

    def signal(self, number: int) -> None:
        """To the process alone; one that has ended is no error."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


async def pass_on(output: int, say: Callable[[str], None]) -> None:
    """Reads lines until nobody holds the other end of the pipe; one that is too long is said in pieces."""
    async with child_output.reading(output, LONGEST_LINE) as reader:
        rest = b""
        while piece := await reader.read(LONGEST_LINE):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if line.strip():
                    say(line.decode(errors="replace"))
            if len(rest) > LONGEST_LINE:
                say(rest.decode(errors="replace"))
                rest = b""
        if rest.strip():
            say(rest.decode(errors="replace"))


def ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
