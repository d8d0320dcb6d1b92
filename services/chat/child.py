"""A server that runs as our child: started, watched, restarted with back-off, and never left behind."""

import asyncio
import collections
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import structlog

from services.kit import child_output
from services.kit.backoff import Backoff
from services.kit.failures import Failure
from services.kit.tasks import end

log = structlog.get_logger(__name__)

State = Literal["starting", "ready", "down"]

_GUARD = Path(__file__).with_name("guard.py")
_PROBE_EVERY_S = 0.25
_WATCH_EVERY_S = 2.0
_END_WITHIN_S = 8.0
# A line over this many bytes is skipped up to where the next read begins.
_LINE_LIMIT = 256 * 1024


@dataclass(frozen=True)
class Program:
    """How to start a server that listens on `socket`, a Unix socket in a folder that only this user can enter."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    socket: Path


class Probe(Protocol):
    """What a child needs to know about the server behind it."""

    async def ready(self) -> bool:
        """Whether it answers."""
        ...

    async def ailment(self) -> str:
        """Why it should be restarted although it runs; "" while all is well."""
        ...

    async def aclose(self) -> None:
        """Give up what it holds."""
        ...


def private_folder(name: str) -> Path:
    """A new folder that only this user can enter, short enough for a Unix socket's 108 bytes."""
    return Path(tempfile.mkdtemp(prefix=f"atelier-{name}-", dir="/tmp" if sys.platform != "win32" else None))


class ChildServer:
    """Keeps one program running until it is stopped.

    `prepare` gives the program for each start anew (a fresh socket folder every time, so that a late answer of the last
    run can never be taken for the new one's) and may wait for what the program needs.
    """

    def __init__(
        self,
        name: str,
        prepare: Callable[[Path], Awaitable[Program]],
        probe: Callable[[Path], Probe],
        *,
        start_within_s: float,
        changed: Callable[[State, str], None] = lambda state, detail: None,
        backoff: Backoff | None = None,
        watch_every_s: float = _WATCH_EVERY_S,
    ) -> None:
        """`changed` hears every new state and why; `probe` is made for the socket of each start."""
        self.name = name
        self._prepare = prepare
        self._probe = probe
        self._start_within_s = start_within_s
        self._changed = changed
        self._backoff = backoff or Backoff()
        self._watch_every_s = watch_every_s
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._tail: collections.deque[str] = collections.deque(maxlen=20)
        self.state: State = "starting"
        self.detail = ""
        self.socket: Path | None = None
        self.group = 0
        self.restarts = 0
        self.failures = 0
        self.started_in_s = 0.0
        self._was_ready = False

    def start(self) -> None:
        """Begin, in the background."""
        self._task = asyncio.create_task(self._keep_running(), name=f"child-{self.name}")

    async def stop(self) -> None:
        """End the program and everything it started."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    def tell_starting(self, detail: str) -> None:
        """Say what the start is busy with."""
        self._tell("starting", detail)

    def _tell(self, state: State, detail: str = "") -> None:
        self.state, self.detail = state, detail
        self._changed(state, detail)

    async def _keep_running(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            self._was_ready = False
            scratch = private_folder(self.name)
            stopping = asyncio.create_task(self._stopping.wait(), name=f"{self.name}-stop")
            try:
                why = await self._run_once(scratch, stopping)
            except (OSError, Failure) as error:
                why = f"{self.name} could not be started: {error}"
            except Exception as error:
                # Whatever goes wrong with one run, the next must come.
                log.exception("child_keeper_raised", child=self.name)
                why = f"{self.name} could not be watched: {error!r}"
            finally:
                await end(stopping)
                shutil.rmtree(scratch, ignore_errors=True)
            if self._stopping.is_set():
                return
            self.failures = (
                1 if self._was_ready and time.monotonic() - began > self._backoff.steady_s else self.failures + 1
            )
            self.restarts += 1
            self._tell("down", why)
            pause = self._backoff.before(self.failures)
            log.warning("child_ended", child=self.name, reason=why, again_in_s=pause)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def _run_once(self, scratch: Path, stopping: asyncio.Task[bool]) -> str:
        """One life of the program; gives the reason of its end."""
        began = time.monotonic()
        self._tell("starting", f"starting {self.name}")
        preparing = asyncio.ensure_future(self._prepare(scratch))
        await asyncio.wait({stopping, preparing}, return_when=asyncio.FIRST_COMPLETED)
        if not preparing.done():
            await end(preparing)
            return "stopped"
        program = preparing.result()
        self._tail.clear()
        process, output = await child_output.start(
            *(sys.executable, "-I", "-S", str(_GUARD), str(scratch), *program.command),
            stdin=asyncio.subprocess.PIPE,
            env=dict(program.environment),
            # Its own session, so that Ctrl-C in our terminal reaches us and not the engine.
            start_new_session=True,
        )
        reading = asyncio.create_task(self._pass_on_log(output), name=f"{self.name}-log")
        ending = asyncio.create_task(process.wait(), name=f"{self.name}-exit")
        watching = asyncio.create_task(self._watch(program, began), name=f"{self.name}-watch")
        try:
            await asyncio.wait({ending, watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                # The last words may still be in the pipe.
                await asyncio.wait({reading}, timeout=1)
                why = self._last_words(ending.result())
            else:
                why = watching.result() if watching.done() else "stopped"
            if not stopping.done():
                # Said before it is ended, which takes seconds when it is stuck: nobody shall be sent to it meanwhile.
                self._tell("down", why)
            return why
        finally:
            self.socket = None
            await end(watching)
            await self._end(process)
            await end(reading, ending)

    async def _watch(self, program: Program, began: float) -> str:
        async with contextlib.aclosing(self._probe(program.socket)) as probe:
            return await self._watch_with(probe, program, began)

    async def _watch_with(self, probe: Probe, program: Program, began: float) -> str:
        while not await probe.ready():
            if time.monotonic() - began > self._start_within_s:
                return f"{program.name} was not ready within {self._start_within_s:.0f} s"
            await asyncio.sleep(_PROBE_EVERY_S)
        self.socket = program.socket
        self.started_in_s = time.monotonic() - began
        log.info("child_ready", child=self.name, seconds=round(self.started_in_s, 1))
        self._was_ready = True
        self._tell("ready")
        while True:
            await asyncio.sleep(self._watch_every_s)
            if why := await probe.ailment():
                log.error("child_ailing", child=self.name, reason=why)
                return why

    async def _pass_on_log(self, output: int) -> None:
        async with child_output.reading(output, _LINE_LIMIT) as reader:
            while True:
                try:
                    line = await reader.readline()
                except ValueError:
                    continue
                if not line:
                    return
                text = line.decode(errors="replace").rstrip()
                if text.startswith("group ") and not self._tail:
                    self.group = int(text.split()[1])
                if text:
                    self._tail.append(text)
                    log.info(text, child=self.name)

    def _last_words(self, status: int) -> str:
        # The guard gives 128 + signal where a signal ended the program; a guard that was killed itself shows as < 0.
        number = status - 128 if status > 128 else -status
        if number > 0:
            with contextlib.suppress(ValueError):
                return f"{self.name} was ended by {signal.Signals(number).name}"
        errors = [line for line in self._tail if "Error" in line or "error" in line]
        said = (errors or list(self._tail) or [""])[-1]
        return f"{self.name} ended with status {status}: {said}"[:500]

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        # Closing its standard input tells the guard to end the group.
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_END_WITHIN_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self.group:
            # In case the guard itself was killed before it could.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, signal.SIGKILL)
            self.group = 0
