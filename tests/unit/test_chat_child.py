"""The keeper of child servers, with small real processes in place of engines."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from services.chat.child import ChildServer, Program
from services.kit.backoff import Backoff

# A server that has a child, which has a child: as engines are. Each writes its process id.
TREE = """
import pathlib, subprocess, sys, time
folder, depth = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(folder / f"pid{depth}").write_text(str(__import__("os").getpid()))
if depth:
    subprocess.Popen([sys.executable, __file__, str(folder), str(depth - 1)])
print("up", depth, flush=True)
time.sleep(600)
"""
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


class FileProbe:
    """Ready once the grandchild is there; ill once a file says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def ready(self) -> bool:
        return bool(pids(self.folder))

    async def ailment(self) -> str:
        return "it is stuck" if (self.folder / "ill").exists() else ""

    async def aclose(self) -> None:
        """Nothing is held."""


def script(folder: Path, text: str = TREE) -> Path:
    path = folder / "server.py"
    path.write_text(text)
    return path


def pids(folder: Path) -> list[int]:
    """Of the server, its child and its grandchild; empty unless all three have written theirs."""
    try:
        found = [(folder / f"pid{depth}").read_text() for depth in (2, 1, 0)]
    except FileNotFoundError:
        return []
    return [int(text) for text in found] if all(found) else []


async def until(true: Callable[[], object], within_s: float = 60.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@asynccontextmanager
async def keeping(folder: Path, text: str = TREE, start_within_s: float = 60.0) -> AsyncIterator[ChildServer]:
    async def prepare(scratch: Path) -> Program:
        for depth in (2, 1, 0):
            (folder / f"pid{depth}").unlink(missing_ok=True)
        return Program("tree", (sys.executable, str(script(folder, text)), str(folder), "2"), os.environ, scratch / "s")

    server = ChildServer(
        "tree",
        prepare,
        lambda _: FileProbe(folder),
        start_within_s=start_within_s,
        backoff=Backoff(0.05, 0.2),
        watch_every_s=0.05,
    )
    server.start()
    try:
        yield server
    finally:
        await server.stop()


async def test_stopping_ends_the_whole_tree(tmp_path: Path) -> None:
    async with keeping(tmp_path) as server:
        await until(lambda: server.state == "ready")
        tree = pids(tmp_path)
        assert all(alive(pid) for pid in tree)
    assert not any(alive(pid) for pid in tree)


async def test_a_tree_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    async with keeping(tmp_path, STUBBORN + TREE) as server:
        await until(lambda: server.state == "ready")
        tree = pids(tmp_path)
    assert not any(alive(pid) for pid in tree)


async def test_a_crash_is_followed_by_a_restart_and_leaves_no_grandchild(tmp_path: Path) -> None:
    async with keeping(tmp_path) as server:
        await until(lambda: server.state == "ready")
        old = pids(tmp_path)
        os.kill(old[0], signal.SIGKILL)
        await until(lambda: server.restarts == 1)
        await until(lambda: server.state == "ready" and pids(tmp_path) not in ([], old))
        assert not any(alive(pid) for pid in old)


async def test_an_ailing_server_is_restarted(tmp_path: Path) -> None:
    async with keeping(tmp_path) as server:
        await until(lambda: server.state == "ready")
        old = pids(tmp_path)
        (tmp_path / "ill").touch()
        await until(lambda: server.restarts == 1)
        (tmp_path / "ill").unlink()
        await until(lambda: server.state == "ready" and pids(tmp_path) not in ([], old))
        assert not any(alive(pid) for pid in old)


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    text = "import sys\nprint('loading')\nsys.exit('ValueError: no such model')\n"
    async with keeping(tmp_path, text) as server:
        await until(lambda: server.restarts >= 2)
        await until(lambda: server.state == "down")
        assert "no such model" in server.detail and "status 1" in server.detail


async def test_a_server_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    async with keeping(tmp_path, "import time\ntime.sleep(600)\n", start_within_s=0.3) as server:
        await until(lambda: server.restarts >= 1)


@pytest.mark.parametrize("victim", ["parent", "guard"])
async def test_kill_9_leaves_nothing_behind(tmp_path: Path, victim: str) -> None:
    """The parent is a process of its own here, since it is the one to be killed."""
    async with parent_of_a_tree(tmp_path) as parent:
        tree = pids(tmp_path)
        guard = psutil.Process(tree[0]).ppid()
        os.kill(parent if victim == "parent" else guard, signal.SIGKILL)
        await until(lambda: not any(alive(pid) for pid in [*tree, guard]))
        if victim == "guard":
            # Its parent begins anew.
            await until(lambda: (now := pids(tmp_path)) and not set(now) & set(tree))
            os.kill(parent, signal.SIGKILL)
        await until(lambda: not running(tmp_path))


@asynccontextmanager
async def parent_of_a_tree(folder: Path) -> AsyncIterator[int]:
    """The process id of a Python that keeps a tree; at the end nothing of it is left, whatever the test found."""
    program = folder / "parent.py"
    program.write_text(
        textwrap.dedent(
            f"""
            import asyncio, sys
            sys.path[:0] = {sys.path!r}
            from pathlib import Path
            from tests.unit.test_chat_child import keeping
            async def main():
                async with keeping(Path({str(folder)!r})):
                    await asyncio.sleep(600)
            asyncio.run(main())
            """
        )
    )
    process = await asyncio.create_subprocess_exec(sys.executable, str(program))
    try:
        await until(lambda: pids(folder))
        yield process.pid
    finally:
        for pid in [process.pid, *running(folder)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await process.wait()


def running(folder: Path) -> list[int]:
    """Guard and tree, whichever run they are of."""
    mine = str(folder / "server.py")
    return [p.pid for p in psutil.process_iter(["cmdline"]) if mine in (p.info["cmdline"] or [])]
