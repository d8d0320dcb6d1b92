"""A run: everything in order, kept up, and brought down in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from infra.local.console import Console
from infra.local.keeper import Keeper, NeverReady, Report
from infra.local.options import BadOption
from infra.local.ports import free_port, is_free
from infra.local.programs import Program
from infra.local.site import Site


class CannotRun(Exception):
    """The run cannot begin; the text says why and what to do."""


@contextmanager
def alone_in(site: Site) -> Iterator[None]:
    """One run per data folder. Raises CannotRun when another is at work there."""
    site.run.mkdir(parents=True, exist_ok=True)
    with (site.run / "supervisor.lock").open("a+") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            guard.seek(0)
            who = guard.read().strip() or "another process"
            # Not the site's own port: to ask for one that is to be chosen would rewrite the running one's ports.
            port = another(site.options.port) if site.options.port else 0
            raise CannotRun(
                f"Atelier already runs with the data folder {site.home} ({who}).\n"
                f"A second one beside it: make run PORT={port} ATELIER_HOME=/another/folder"
            ) from None
        guard.truncate(0)
        guard.write(f"process {os.getpid()}, {site.url}\n")
        guard.flush()
        yield


def require_free_port(site: Site) -> None:
    """Raises CannotRun when the gateway could not listen where it should."""
    port, host = site.gateway_port, site.options.host
    try:
        free = is_free(port, host)
    except OSError as error:
        raise CannotRun(f"Cannot listen on {host}: {error.strerror}. Choose another with ATELIER_HOST") from None
    if not free:
        privileged = " (ports below 1024 need privileges)" if port < 1024 else ""
        raise CannotRun(
            f"Port {port} on {host} is already in use{privileged}. Choose another: make run PORT={another(port)}"
        )


def another(port: int) -> int:
    """The next free port, which is easier to remember than a random one."""
    nearby = (candidate for candidate in range(max(port + 1, 1024), min(port + 200, 65536)) if is_free(candidate))
    return next(nearby, 0) or free_port()


class Supervisor:
    """Runs the given programs until it is told to stop."""

    def __init__(self, site: Site, programs: Sequence[Program], console: Console) -> None:
        self.site = site
        self.console = console
        self.keepers = [Keeper(program, site, console, self._changed) for program in programs]
        self._state_file = site.run / "state.json"
        self._stop = asyncio.Event()
        self._signals = 0
        self._failure: BaseException | None = None
        self._began = time.monotonic()
        self._addresses: dict[str, str] = {}

    async def run(self) -> int:
        """Returns the exit code: 0 after a stop that was asked for, 1 when something essential does not come up."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_stop)
        named = {keeper.program.name: keeper for keeper in self.keepers}

        def those(names: Sequence[str]) -> list[Keeper]:
            return [named[name] for name in names if name in named]

        tasks = {
            name: asyncio.create_task(keeper.keep(those(keeper.program.needs), those(keeper.program.after)))
            for name, keeper in named.items()
        }
        for task in tasks.values():
            task.add_done_callback(self._ended)
        announcer = asyncio.create_task(self._announce())
        self._save_state()
        try:
            await self._stop.wait()
        finally:
            announcer.cancel()
            await self._bring_down(tasks)
        if self._failure is not None:
            reason = self._failure if isinstance(self._failure, NeverReady) else repr(self._failure)
            self.console.own(f"the run ended: {reason}")
            return 1
        self.console.own("everything has ended")
        return 0

    def restart(self, names: set[str]) -> None:
        """Restarts those of the named programs that run."""
        for keeper in self.keepers:
            if keeper.program.name in names:
                keeper.restart()

    def _told_to_stop(self) -> None:
        self._signals += 1
        if self._signals == 1:
            self.console.own("stopping (once more to kill)")
        else:
            for keeper in self.keepers:
                keeper.kill()
        self._stop.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
            self._stop.set()

    async def _bring_down(self, tasks: dict[str, asyncio.Task[None]]) -> None:
        for stage in sorted({keeper.program.stage for keeper in self.keepers}, reverse=True):
            members = [keeper for keeper in self.keepers if keeper.program.stage == stage]
            await asyncio.gather(*(keeper.stop() for keeper in members))
            for keeper in members:
                task = tasks[keeper.program.name]
                # One that waits for its needs or for its next try has no process to stop.
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, NeverReady):
                    await task
        self._state_file.unlink(missing_ok=True)

    async def _announce(self) -> None:
        """The table when the house is open, and a word when the last one is ready."""
        doors = [keeper for keeper in self.keepers if keeper.program.name == "gateway"] or self.keepers
        for keeper in doors:
            await keeper.ready.wait()
        self.console.block(self.table())
        if all(keeper.ready.is_set() for keeper in self.keepers):
            return
        for keeper in self.keepers:
            await keeper.ready.wait()
        self.console.own(f"everything is ready after {time.monotonic() - self._began:.0f} s: {self.site.url}")

    def table(self) -> list[str]:
        """What is up, and where."""
        rows = [(k.program.name, k.report.state, k.report.address, k.report.detail) for k in self.keepers]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]).rstrip()
            for row in rows
        ]
        if any(keeper.program.name == "gateway" for keeper in self.keepers):
            lines = [f"Atelier is up: {self.site.url}", "", *lines]
        return [*lines, "", f"logs {self.console.logs}, data {self.site.home}; Ctrl-C ends it"]

    def _changed(self, report: Report) -> None:
        before = self._addresses.get(report.name)
        if report.state == "starting":
            self._addresses[report.name] = report.address
            if before not in (None, report.address):
                # Somebody took its port before it could, so it has another now.
                self.restart({k.program.name for k in self.keepers if report.name in k.program.uses})
        self._save_state()

    def _save_state(self) -> None:
        """For `make logs`, tests and whoever wants to know: what runs, with its process id."""
        state = {
            "pid": os.getpid(),
            "url": self.site.url,
            "programs": {keeper.program.name: asdict(keeper.report) for keeper in self.keepers},
        }
        draft = self._state_file.with_suffix(".new")
        draft.write_text(json.dumps(state, indent=2) + "\n")
        draft.replace(self._state_file)


def run(site: Site, programs: Sequence[Program], reload: bool = False) -> int:
    """Supervises until Ctrl-C or SIGTERM. Raises CannotRun when it cannot begin."""
    if not programs:
        raise BadOption("there is nothing to run")
    with alone_in(site):
        if any(program.name == "gateway" for program in programs):
            require_free_port(site)
        console = Console(site.logs, [program.name for program in programs])
        try:
            return asyncio.run(_supervise(site, programs, console, reload))
        finally:
            console.close()


async def _supervise(site: Site, programs: Sequence[Program], console: Console, reload: bool) -> int:
    supervisor = Supervisor(site, programs, console)
    if not reload:
        return await supervisor.run()
    # Late: watchfiles is for development and need not be there otherwise.
    from infra.local.reload import watch

    watcher = asyncio.create_task(watch(programs, supervisor.restart, console))
    try:
        return await supervisor.run()
    finally:
        watcher.cancel()


def state_of(home: Path) -> dict[str, object]:
    """What the run in a data folder last said about itself; empty when none runs there."""
    file = home / "run" / "state.json"
    return json.loads(file.read_text()) if file.is_file() else {}
