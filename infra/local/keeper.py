"""Keeps one program running: start, wait until it is ready, start it again when it ends."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from infra.local.child import Child, ending
from infra.local.console import Console, plain
from infra.local.programs import Program
from infra.local.site import Site

State = Literal["waiting", "starting", "ready", "done", "restarting", "stopping", "stopped"]
PROBE_EVERY_S = (0.05, 0.5)
TRIES = 5
# How long a program waits for those it lets through first.
AFTER_S = 20.0


class NeverReady(Exception):
    """An essential program ended again and again without ever having been ready."""


@dataclass
class Report:
    """How a program is, for the table and for `run/state.json`."""

    name: str
    state: State = "waiting"
    pid: int | None = None
    restarts: int = 0
    address: str = ""
    detail: str = ""


class Keeper:
    """One program of a run. `ready` is set once it has been ready for the first time."""

    def __init__(self, program: Program, site: Site, console: Console, changed: Callable[[Report], None]) -> None:
        self.program = program
        self.site = site
        self.console = console
        self.ready = asyncio.Event()
        self.report = Report(program.name)
        self._changed = changed
        self._child: Child | None = None
        self._ended = asyncio.Event()
        self._stopping = False
        self._asked_to_restart = False

    async def keep(self, needs: Sequence[Keeper], after: Sequence[Keeper] = ()) -> None:
        """Runs until `stop`. Raises NeverReady for an essential program that does not come up."""
        for need in needs:
            await need.ready.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(AFTER_S):
                for other in after:
                    await other.ready.wait()
        failures = 0
        while not self._stopping:
            began = time.monotonic()
            code = await self._run_once()
            if self._stopping or (self.program.is_task and code == 0):
                break
            if self._asked_to_restart:
                self._asked_to_restart = False
                failures = 0
                self._note("restarting")
                continue
            failures = 1 if time.monotonic() - began > self.program.backoff.steady_s else failures + 1
            if self.program.essential and not self.ready.is_set() and failures >= TRIES:
                log = self.console.logs / f"{self.program.name}.log"
                raise NeverReady(f"{self.program.name} ended {failures} times without having been ready, see {log}")
            await self._wait_before_restart(code, failures)
        self._note("done" if self.program.is_task and not self._stopping else "stopped", pid=None)

    async def stop(self) -> None:
        """The program's signal, and SIGKILL when the grace is over. Returns when it has ended."""
        self._stopping = True
        child = self._child
        if child is None:
            return
        self._note("stopping")
        child.signal(self.program.end_by)
        try:
            async with asyncio.timeout(self.program.grace_s):
                await self._ended.wait()
        except TimeoutError:
            self.console.own(f"{self.program.name} did not end in {self.program.grace_s:.0f} s and is killed")
            child.kill_group()
            await self._ended.wait()

    def restart(self) -> None:
        """Ends it so that it starts again at once, as after a change of its source."""
        if self._child is not None:
            self._asked_to_restart = True
            self._child.signal(self.program.end_by)

    def kill(self) -> None:
        self._stopping = True
        if self._child is not None:
            self._child.kill_group()

    async def _run_once(self) -> int | None:
        """Starts it and waits for its end; None if it could not be started at all."""
        if not self.ready.is_set() and self.program.ports:
            # Nobody depends on its address yet, so a port that was taken meanwhile can still be changed.
            self.site.ports.renew_taken(self.program.ports)
        launch = self.program.launch(self.site)
        began = time.monotonic()
        self._ended = asyncio.Event()
        try:
            self._child = await Child.start(launch.command, launch.environment, launch.folder, self._say)
        except OSError as error:
            self.console.own(f"{self.program.name} could not be started: {error}")
            return None
        self._note("starting", pid=self._child.pid)
        try:
            async with asyncio.TaskGroup() as group:
                watch = None if self.program.is_task else group.create_task(self._watch_readiness(began))
                code = await self._child.wait()
                if watch is not None:
                    watch.cancel()
        except BaseException:
            self._child.kill_group()
            raise
        finally:
            self._child = None
            self._ended.set()
        if self.program.is_task and code == 0:
            self._now_ready(began)
        return code

    def _say(self, text: str) -> None:
        pattern = self.program.noteworthy
        self.console.line(self.program.name, text, shown=not pattern or re.search(pattern, plain(text)) is not None)

    async def _watch_readiness(self, began: float) -> None:
        """Asks until it is ready; and then, at leisure, whether it still is, for the table."""
        assert self.program.probe is not None
        probe = self.program.probe(self.site)
        pause, longest = PROBE_EVERY_S
        while reason := await probe():
            if reason != self.report.detail:
                self._note("starting", detail=reason)
            await asyncio.sleep(pause)
            pause = min(longest, pause * 1.5)
        self._now_ready(began)

    def _now_ready(self, began: float) -> None:
        self.ready.set()
        self._note("done" if self.program.is_task else "ready")
        self.console.own(f"{self.program.name} {self.report.state} after {time.monotonic() - began:.1f} s")

    async def _wait_before_restart(self, code: int | None, failures: int) -> None:
        wait = self.program.backoff.before(failures)
        how = "could not be started" if code is None else ending(code)
        self.report.restarts += 1
        self._note("restarting", detail=how)
        times = f", {failures} times in a row" if failures > 1 else ""
        self.console.own(f"{self.program.name} {how}{times}; starting it again in {wait:g} s")
        await asyncio.sleep(wait)

    def _note(self, state: State, *, pid: int | None = -1, detail: str = "") -> None:
        self.report.state = state
        self.report.detail = detail
        self.report.address = self.program.address(self.site)
        if pid != -1:
            self.report.pid = pid
        elif state in ("restarting", "stopped", "done"):
            self.report.pid = None
        self._changed(self.report)
