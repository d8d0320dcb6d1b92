"""Keeping a program up, shown with small real processes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local import keeper as keeper_module
from infra.local.child import ending
from infra.local.console import Console
from infra.local.keeper import Keeper, NeverReady
from infra.local.options import Options
from infra.local.programs import Launch, Program
from infra.local.readiness import Probe
from infra.local.site import Site
from infra.local.supervisor import Supervisor
from services.kit.backoff import Backoff

QUICK = Backoff(first_s=0.05, longest_s=0.2)


def existing(file: Path) -> Probe:
    async def probe() -> str:
        return "" if os.path.exists(file) else "not yet"  # noqa: ASYNC240

    return probe


async def until(condition: Callable[[], object], within_s: float = 10) -> None:
    """Looks every 10 ms: what is waited for happens in another process."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def program(name: str, code: str, ready: Path | None, *, grace_s: float = 5, **options: Any) -> Program:
    command = [sys.executable, "-S", "-c", code]
    return Program(
        name=name,
        launch=lambda site: Launch(command, dict(os.environ)),
        probe=(lambda site: existing(ready)) if ready else None,
        grace_s=grace_s,
        backoff=QUICK,
        **options,
    )


class Rig:
    """A keeper with a data folder and a log to read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = io.StringIO()
        self.site = Site(Options.read({"ATELIER_HOME": str(folder)}))
        self.console = Console(self.site.logs, ["one", "two"], self.out)

    def keeper(self, kept: Program) -> Keeper:
        return Keeper(kept, self.site, self.console, lambda report: None)

    @asynccontextmanager
    async def keeping(
        self, keeper: Keeper, needs: Sequence[Keeper] = (), after: Sequence[Keeper] = ()
    ) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(keeper.keep(needs, after))
        try:
            yield task
        finally:
            await keeper.stop()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, NeverReady):
                await task

    async def said(self, text: str) -> None:
        await until(lambda: text in self.out.getvalue())


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


SLEEP = "import time; time.sleep(600)"


async def pid_of(keeper: Keeper, other_than: int | None = None) -> int:
    await until(lambda: keeper.report.pid not in (None, other_than))
    assert keeper.report.pid is not None
    return keeper.report.pid


async def test_it_is_ready_when_its_probe_says_so(rig: Rig, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    keeper = rig.keeper(program("one", SLEEP, flag))
    async with rig.keeping(keeper):
        await pid_of(keeper)
        await asyncio.sleep(0.2)
        assert not keeper.ready.is_set() and keeper.report.detail == "not yet"
        flag.touch()
        await rig.said("one ready after")
        assert keeper.report.state == "ready"


async def test_it_waits_for_what_it_needs(rig: Rig, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    need = rig.keeper(program("one", SLEEP, flag))
    keeper = rig.keeper(program("two", SLEEP, tmp_path))
    async with rig.keeping(need), rig.keeping(keeper, [need]):
        await asyncio.sleep(0.3)
        assert keeper.report.state == "waiting" and keeper.report.pid is None
        flag.touch()
        await pid_of(keeper)


async def test_it_lets_others_through_first_but_not_for_ever(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = tmp_path / "flag"
    first, slow = rig.keeper(program("one", SLEEP, flag)), rig.keeper(program("one", SLEEP, tmp_path / "never"))
    async with rig.keeping(first), rig.keeping(slow):
        second = rig.keeper(program("two", SLEEP, tmp_path))
        async with rig.keeping(second, after=[first]):
            await asyncio.sleep(0.3)
            assert second.report.pid is None
            flag.touch()
            await pid_of(second)
        monkeypatch.setattr(keeper_module, "AFTER_S", 0.2)
        third = rig.keeper(program("two", SLEEP, tmp_path))
        async with rig.keeping(third, after=[slow]):
            await pid_of(third)


async def test_who_uses_a_server_that_had_to_move_is_started_again(rig: Rig, tmp_path: Path) -> None:
    go = tmp_path / "go"
    ends = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)\nraise SystemExit(1)"
    server = program("one", ends, tmp_path / "never", ports=("one",), address=lambda site: str(site.ports["one"]))
    supervisor = Supervisor(rig.site, [server, program("two", SLEEP, tmp_path, uses=("one",))], rig.console)
    one, two = supervisor.keepers
    async with rig.keeping(one), rig.keeping(two):
        await pid_of(one)
        before, port = await pid_of(two), int(one.report.address)
        with socket.socket() as stranger:
            stranger.bind(("127.0.0.1", port))
            stranger.listen()
            go.touch()
            assert await pid_of(two, before) != before
        assert int(one.report.address) != port


async def test_a_killed_process_is_started_again(rig: Rig, tmp_path: Path) -> None:
    keeper = rig.keeper(program("one", SLEEP, tmp_path))
    async with rig.keeping(keeper):
        first = await pid_of(keeper)
        os.kill(first, signal.SIGKILL)
        assert await pid_of(keeper, first) != first
        await rig.said("one was ended by SIGKILL; starting it again in 0.05 s")
        assert keeper.report.restarts == 1


async def test_waits_between_restarts_grow(rig: Rig, tmp_path: Path) -> None:
    keeper = rig.keeper(program("one", "raise SystemExit(3)", tmp_path / "never"))
    async with rig.keeping(keeper):
        await rig.said("one ended with code 3; starting it again in 0.05 s")
        await rig.said("2 times in a row; starting it again in 0.1 s")
        await rig.said("3 times in a row; starting it again in 0.2 s")
        await rig.said("4 times in a row; starting it again in 0.2 s")


def test_backoff_doubles_up_to_its_limit() -> None:
    backoff = Backoff(first_s=0.5, longest_s=30)
    assert [backoff.before(failures) for failures in (1, 2, 3, 7, 1000)] == [0.5, 1, 2, 30, 30]


async def test_an_essential_program_that_never_comes_up_ends_the_run(rig: Rig, tmp_path: Path) -> None:
    keeper = rig.keeper(program("one", "raise SystemExit(1)", tmp_path / "never", essential=True))
    async with asyncio.timeout(20):
        with pytest.raises(NeverReady, match=r"one ended 5 times.*one\.log"):
            await keeper.keep([])


async def test_a_task_is_done_when_it_ended_well(rig: Rig) -> None:
    keeper = rig.keeper(program("one", "print('fetched')", None))
    async with asyncio.timeout(10):
        await keeper.keep([])
    assert keeper.report.state == "done" and keeper.ready.is_set() and "fetched" in rig.out.getvalue()


async def test_a_task_that_failed_is_tried_again(rig: Rig, tmp_path: Path) -> None:
    code = f"import os, sys; p = {str(tmp_path / 'tried')!r}; os.path.exists(p) or (open(p, 'w'), sys.exit(1))"
    keeper = rig.keeper(program("one", code, None))
    async with asyncio.timeout(10):
        await keeper.keep([])
    assert keeper.report.restarts == 1 and keeper.ready.is_set()


async def test_stopping_asks_first(rig: Rig, tmp_path: Path) -> None:
    code = (
        "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(print('bye')));"
        "print('up', flush=True); time.sleep(600)"
    )
    keeper = rig.keeper(program("one", code, tmp_path))
    async with rig.keeping(keeper):
        await rig.said("| up")
        await keeper.stop()
    assert "bye" in rig.out.getvalue() and "is killed" not in rig.out.getvalue()


async def test_what_does_not_end_is_killed_with_all_it_started(rig: Rig, tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = (
        "import signal, subprocess, sys, time; signal.signal(15, signal.SIG_IGN);"
        f"p = subprocess.Popen([sys.executable, '-c', {SLEEP!r}]);"
        f"open({str(child)!r}, 'w').write(str(p.pid)); time.sleep(600)"
    )
    keeper = rig.keeper(program("one", code, child, grace_s=0.3))
    async with rig.keeping(keeper):
        await rig.said("one ready")
        await until(child.read_text)
        pid = int(child.read_text())
        await keeper.stop()
    await rig.said("did not end in 0 s and is killed")
    await gone(pid)


async def test_what_a_crashed_process_left_behind_is_ended(rig: Rig, tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = (
        "import subprocess, sys, time;"
        f"p = subprocess.Popen([sys.executable, '-c', {SLEEP!r}]);"
        f"open({str(child)!r}, 'w').write(str(p.pid)); time.sleep(600)"
    )
    keeper = rig.keeper(program("one", code, child))
    async with rig.keeping(keeper):
        await rig.said("one ready")
        await until(child.read_text)
        pid = int(child.read_text())
        os.kill(await pid_of(keeper), signal.SIGKILL)
        await gone(pid)


async def test_a_long_line_without_end_and_odd_bytes_are_passed_on(rig: Rig) -> None:
    code = "import os; os.write(1, b'x' * 200000 + b'\\n' + b'\\xff\\xfe odd\\nlast, with no line end')"
    keeper = rig.keeper(program("one", code, None))
    async with asyncio.timeout(10):
        await keeper.keep([])
    log = (rig.site.logs / "one.log").read_text()
    assert log.count("x") >= 200000 and "odd" in log and "last, with no line end" in log


async def gone(pid: int) -> None:
    await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_an_ending_is_said_in_words() -> None:
    assert ending(2) == "ended with code 2"
    assert ending(-9) == "was ended by SIGKILL"
